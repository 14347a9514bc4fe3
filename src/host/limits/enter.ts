import { join } from 'node:path'
import { shellWord } from '../process/shell-word.ts'

/** Limits of each single process, which its children inherit (setrlimit(2)). */
export interface ProcessLimits {
  readonly files: number
  /** Bytes of one file. */
  readonly fileSize: number
  /** Processes of the user that it runs as; only where no other lane has that user, and null for root. */
  readonly processes: number | null
  /** How much it stands back for others when processors are short, 0 to 19. */
  readonly nice: number
}

/**
 * The argv that takes the limits upon itself and enters the groups (`directories`) before it becomes `argv`. Where one
 * of that fails it says so and exits with 125: nothing runs without its limits. One shell for all of it, which costs
 * 1 ms, where prlimit(1) and nice(1) would each be a program of their own and are not everywhere. Never a limit of the
 * address space: Node reserves far more than it uses and crashes.
 */
export function enter(
  argv: readonly string[],
  limits: ProcessLimits,
  directories: readonly string[],
): string[] {
  return ['/bin/sh', '-c', entryScript(limits, directories), 'worklane', ...argv]
}

/** Units of `ulimit -f` by POSIX. */
const BLOCK = 512

function entryScript(
  { files, fileSize, processes, nice }: ProcessLimits,
  directories: readonly string[],
): string {
  const steps = [
    ...directories.map((directory) => `echo 0 > ${shellWord(join(directory, 'cgroup.procs'))}`),
    'ulimit -c 0',
    `ulimit -n ${files}`,
    `ulimit -f ${Math.ceil(fileSize / BLOCK)}`,
    // dash has its own letter for it.
    ...(processes === null ? [] : [`{ ulimit -u ${processes} 2>/dev/null || ulimit -p ${processes}; }`]),
  ]
  const start = nice === 0 ? 'exec "$@"' : `exec nice -n ${nice} "$@"`
  return `{ ${steps.join(' && ')}; } || { echo 'worklane: the limits of this lane could not be set.' >&2; exit 125; }; ${start}`
}
