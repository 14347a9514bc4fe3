import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { Fault } from '../fault.ts'

export interface OnTerminal {
  readonly argv: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** Our own descriptor that it prints to. */
  readonly output: 1 | 2
  /** Aborted: the terminal was closed, or we are to end. */
  readonly signal: AbortSignal
}

/**
 * Runs a program on our own terminal until it ends; answers its exit code as a shell gives it (128 + n for signal n).
 * What is typed is its own: Ctrl-C goes to it, and who calls this has to live on.
 * @throws Fault when it cannot start
 */
export async function runOnTerminal({ argv, cwd, env, output, signal }: OnTerminal): Promise<number> {
  const [file = '', ...args] = argv
  const child = spawn(file, args, { cwd, env, stdio: [0, output, 2] })
  const hangUp = (): void => void child.kill('SIGHUP')
  signal.addEventListener('abort', hangUp)
  try {
    const [code, by] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
    return code ?? 128 + (by === null ? 0 : constants.signals[by])
  } catch (cause) {
    throw new Fault(`${file} cannot be started: ${(cause as Error).message}`, { retry: 'never', cause })
  } finally {
    signal.removeEventListener('abort', hangUp)
  }
}

/** Programs on a terminal that are Ctrl-C's to end, while what they are started by lives on. */
const SPARED = ['trap "" INT QUIT; exec "$@"', 'exec env --default-signal=INT,QUIT "$@"'] as const

/**
 * bubblewrap ends when somebody types Ctrl-C, and all that is inside with it, also a program that would have gone on.
 * So it ignores that, and the program inside gets it back; where `env` cannot do that (GNU coreutils 8.31 can),
 * everything stays as it is.
 */
export async function sparedFromCtrlC(
  wrap: (argv: readonly string[]) => readonly string[],
  argv: readonly string[],
): Promise<readonly string[]> {
  const probe = spawn('env', ['--default-signal=INT,QUIT', 'true'], { stdio: 'ignore' })
  const [code] = (await once(probe, 'exit').catch(() => [1])) as [number | null]
  if (code !== 0) return wrap(argv)
  const [outer, inner] = SPARED
  return ['/bin/sh', '-c', outer, 'sh', ...wrap(['/bin/sh', '-c', inner, 'sh', ...argv])]
}
