import { open } from 'node:fs/promises'
import { stripVTControlCharacters } from 'node:util'
import { Fault } from '../fault.ts'
import { startWorker, type WorkerExit, type WorkerOptions } from './worker.ts'

export interface CommandOptions
  extends Pick<
    WorkerOptions,
    | 'command'
    | 'cwd'
    | 'env'
    | 'token'
    | 'outputPath'
    | 'outputLimit'
    | 'timeLimit'
    | 'wrap'
    | 'walled'
    | 'onOutput'
    | 'redact'
  > {
  /** Milliseconds between SIGTERM and SIGKILL. Default: two seconds. */
  readonly grace?: number
  readonly signal?: AbortSignal
}

export interface CommandResult {
  /** It exited with 0, in time. */
  readonly green: boolean
  /** Null when a signal ended it. */
  readonly exitCode: number | null
  readonly signal: string | null
  readonly timedOut: boolean
  /** The last 4 KiB of its output as plain text. */
  readonly tail: string
}

const TAIL_BYTES = 4096

/**
 * Runs a check, a set-up command or a verify command to its end, with empty input, and stops what it leaves behind.
 * @throws Fault when it cannot start, when its tree does not end, and when `signal` cancelled it (no verdict then).
 */
export async function runCommand(options: CommandOptions): Promise<CommandResult> {
  const { signal, grace = 2_000, ...rest } = options
  const isCancelled = (): boolean => signal?.aborted === true
  if (isCancelled()) throw cancelled()
  const worker = await startWorker({ ...rest, grace, prompt: '' })
  const stop = (): void => worker.stop()
  // Cancelled while the worker was being started.
  if (isCancelled()) stop()
  signal?.addEventListener('abort', stop)
  try {
    const exit = await worker.exited
    if (exit.stopRequested) throw cancelled()
    return await resultOf(exit, options.outputPath)
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}

async function resultOf(exit: WorkerExit, outputPath: string): Promise<CommandResult> {
  const { exitCode, signal, timedOut } = exit
  return { green: exitCode === 0 && !timedOut, exitCode, signal, timedOut, tail: await tailOf(outputPath) }
}

async function tailOf(path: string): Promise<string> {
  await using file = await open(path, 'r')
  const { size } = await file.stat()
  const from = Math.max(0, size - TAIL_BYTES)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(TAIL_BYTES), 0, TAIL_BYTES, from)
  const text = stripVTControlCharacters(buffer.toString('utf8', 0, bytesRead))
  // A cut first character shows as replacement characters.
  return from === 0 ? text : text.replace(/^\ufffd{1,3}/, '')
}

function cancelled(): Fault {
  return new Fault('The command was cancelled.', { retry: 'later' })
}
