import { rows } from './rows.ts'

interface QueueAnswer {
  readonly paused: boolean
  readonly queue: readonly {
    readonly task: number
    readonly state: string
    readonly reason: string | null
    readonly files: readonly string[]
  }[]
  readonly runs: readonly {
    readonly tasks: readonly number[]
    readonly result: string | null
    readonly command: string
    readonly took: number | null
    readonly log: string | null
  }[]
}

const MARKS: Readonly<Record<string, string>> = { green: '✓', red: '✗', fault: '!', interrupted: '-' }

/** `worklane landing list` for people. */
export async function queueText({ paused, queue, runs }: QueueAnswer): Promise<string> {
  const waiting = queue.map(({ task, state, reason, files }) => [
    `#${task}`,
    state.replace('_', ' '),
    [reason, files.slice(0, 4).join(', ')].filter((part) => part !== null && part !== '').join(': '),
  ])
  const verified = runs.map(({ tasks, result, command, took, log }) => [
    MARKS[result ?? ''] ?? '…',
    tasks.length === 0 ? 'base itself' : `base + ${tasks.map((id) => `#${id}`).join(' ')}`,
    command,
    took === null ? 'runs' : `${(took / 1000).toFixed(1)} s`,
    result === 'red' || result === 'fault' ? (log ?? '') : '',
  ])
  return [
    ...(paused ? ['Paused; go on with: worklane landing resume', ''] : []),
    ...(waiting.length === 0 ? ['Nothing waits to land.'] : [await rows(waiting)]),
    ...(verified.length === 0 ? [] : ['', 'Verified last:', await rows(verified)]),
  ].join('\n')
}
