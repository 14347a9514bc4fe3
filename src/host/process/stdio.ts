import { closeSync, constants, openSync, rmSync, writeFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { execa } from 'execa'
import { Fault } from '../fault.ts'

/** The worker's ends are descriptors to start it with; the reader is ours. */
export interface WorkerStdio {
  readonly stdin: number | 'ignore'
  /** For stdout and stderr both: one pipe keeps the order in which they were written. */
  readonly output: number
  readonly reader: Socket
  /** To be called once the worker has its own. */
  closeWorkerEnds(): void
}

/**
 * A file to read the prompt from and a named pipe for the output, made beside `path` and unlinked before this
 * returns. Node's own pipes are sockets (libuv, uv_spawn): a program that opens /dev/stdin or /dev/stderr by name, as
 * `tee /dev/stderr` does, fails on them with ENXIO. A file also needs nobody to feed it: a program that never reads it
 * costs nothing. Without a prompt stdin is /dev/null, which ripgrep and others tell from input.
 */
export async function openStdio(path: string, prompt: string): Promise<WorkerStdio> {
  const input = `${path}.stdin`
  const pipe = `${path}.pipe`
  try {
    rmSync(pipe, { force: true })
    await execa('mkfifo', ['-m', '600', pipe], { stdin: 'ignore' })
    return openEnds(prompt === '' ? null : input, pipe, prompt)
  } catch (cause) {
    throw new Fault(`The worker's input and output could not be set up: ${(cause as Error).message}`, {
      retry: 'later',
      cause,
    })
  } finally {
    rmSync(input, { force: true })
    rmSync(pipe, { force: true })
  }
}

function openEnds(input: string | null, pipe: string, prompt: string): WorkerStdio {
  if (input !== null) writeFileSync(input, prompt, { mode: 0o600 })
  const stdin = input === null ? 'ignore' : openSync(input, 'r')
  // The reading end first and without waiting: either end of a named pipe waits for the other.
  const source = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK)
  const output = openSync(pipe, 'w')
  return {
    stdin,
    output,
    reader: new Socket({ fd: source, readable: true, writable: false }),
    closeWorkerEnds() {
      closeSync(output)
      if (stdin !== 'ignore') closeSync(stdin)
    },
  }
}
