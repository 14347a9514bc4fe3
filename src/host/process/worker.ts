import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import type { Socket } from 'node:net'
import { finished } from 'node:stream/promises'
import type { Redactor } from '../../board/redact.ts'
import { Fault } from '../fault.ts'
import { type Capture, openCapture } from './capture.ts'
import { identityOf, type ProcessIdentity } from './identity.ts'
import { openStdio, type WorkerStdio } from './stdio.ts'
import { stopTree } from './tree.ts'

export interface WorkerOptions {
  /** Run by `/bin/sh -c`. */
  readonly command: string
  readonly cwd: string
  /** Complete: nothing is inherited. `WORKLANE_RUN` is added. */
  readonly env: Readonly<Record<string, string>>
  /** Marks the tree. No two trees that live at the same time may share it: the end of one stops both. */
  readonly token: string
  /** What stdin holds; empty: no input. */
  readonly prompt: string
  /** stdout and stderr, in the order of arrival. Its directory exists; `<outputPath>.*` is used for a moment. */
  readonly outputPath: string
  /** Bytes. */
  readonly outputLimit: number
  /** Milliseconds; null: none. */
  readonly timeLimit: number | null
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly grace: number
  /**
   * Turns the argv of the program into the one that is really started, for what must hold before its first
   * instruction: limits, walls. Several wraps nest: the outermost is applied last. Default: the argv as it is.
   */
  readonly wrap?: ((argv: readonly string[]) => readonly string[]) | undefined
  /** The program runs behind walls: its first two processes are theirs, and end with what is inside. */
  readonly walled?: boolean
  /** Called when the last line of output has changed. */
  readonly onOutput?: (lastLine: string) => void
  /** Takes secrets out of the output before anybody sees it. */
  readonly redact?: Redactor | undefined
}

/** A process tree at work. */
export interface Worker {
  /** The leader: the shell, or what it replaced itself with. */
  readonly identity: ProcessIdentity
  /**
   * Resolves when the whole tree is gone and the output is complete. Rejects with a Fault when some of the tree does
   * not end.
   */
  readonly exited: Promise<WorkerExit>
  /** Asks the tree to end, and ends it when the grace is over; `now`, or a second call with it: at once. */
  stop(now?: boolean): void
}

export interface WorkerExit {
  /** Null when a signal ended the leader. */
  readonly exitCode: number | null
  readonly signal: string | null
  readonly timedOut: boolean
  readonly stopRequested: boolean
  /** All bytes that it wrote, those that the limit left out included. */
  readonly outputBytes: number
  /** Why the output file is not complete, as the system's error code (ENOSPC). */
  readonly outputFailure: string | null
}

/** The longest time that setTimeout takes; a longer one would fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1
/** For the last output when something that escaped the tree still holds the pipe. */
const DRAIN_PATIENCE = 1_000

/**
 * Starts a program in its own session. When its leader ends, the rest of its tree is stopped: agents end their turn
 * while a command of theirs still runs, and what they left behind must not keep anybody waiting.
 * @throws Fault when it cannot start.
 */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  requireDirectory(options.cwd)
  const stdio = await openStdio(options.outputPath, options.prompt)
  try {
    const capture = openCapture(options.outputPath, options.outputLimit, options.redact)
    const leader = await launch(options, stdio, capture)
    pour(stdio.reader, capture, options.onOutput)
    return new LivingWorker(options, leader, stdio.reader, capture)
  } catch (error) {
    stdio.reader.destroy()
    throw error
  } finally {
    stdio.closeWorkerEnds()
  }
}

interface LeaderEnd {
  readonly exitCode: number | null
  readonly signal: string | null
}

interface Leader {
  readonly identity: ProcessIdentity
  readonly ended: Promise<LeaderEnd>
}

/** Not through execa: there are no pipes to read or buffer, and its types refuse descriptors of our own. */
async function launch(options: WorkerOptions, stdio: WorkerStdio, capture: Capture): Promise<Leader> {
  try {
    const [file = '', ...args] = argvOf(options)
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: { ...options.env, WORKLANE_RUN: options.token },
      detached: true,
      stdio: [stdio.stdin, stdio.output, stdio.output],
    })
    const ended = endOf(child)
    // Looked at before the event loop turns: even a child that has ended is still there, as a zombie.
    const identity = child.pid === undefined ? null : identityOf(child.pid)
    // Without a process this throws the reason.
    if (identity === null) throw new Error(`it ended at once (${JSON.stringify(await ended)})`)
    return { identity, ended }
  } catch (cause) {
    await capture.close()
    const message = `The command could not be started: ${(cause as Error).message}`
    throw new Fault(message, { retry: 'later', cause })
  }
}

function argvOf({ command, wrap }: WorkerOptions): readonly string[] {
  const argv = ['/bin/sh', '-c', command]
  return wrap === undefined ? argv : wrap(argv)
}

async function endOf(child: ChildProcess): Promise<LeaderEnd> {
  const [exitCode, signal] = (await once(child, 'exit')) as [number | null, string | null]
  return { exitCode, signal }
}

class LivingWorker implements Worker {
  readonly identity: ProcessIdentity
  readonly exited: Promise<WorkerExit>
  readonly #options: WorkerOptions
  readonly #hurry = new AbortController()
  /** Rejects when the tree does not end; a leader that cannot be killed would be waited for for ever. */
  readonly #stuck = Promise.withResolvers<never>()
  #stopping: Promise<unknown> | undefined
  #leaderEnded = false
  #timedOut = false
  #stopRequested = false

  constructor(options: WorkerOptions, leader: Leader, reader: Socket, capture: Capture) {
    this.#options = options
    this.identity = leader.identity
    this.exited = this.#toTheEnd(leader, reader, capture)
    // Whoever asks gets the fault; that nobody asks must not end the engine.
    this.exited.catch(() => {})
    this.#stuck.promise.catch(() => {})
  }

  stop(now = false): void {
    if (now) this.#hurry.abort()
    if (this.#leaderEnded) return
    this.#stopRequested = true
    this.#stopAll()
  }

  async #toTheEnd(leader: Leader, reader: Socket, capture: Capture): Promise<WorkerExit> {
    const cancelTimer = this.#startTimer()
    try {
      const end = await Promise.race([leader.ended, this.#stuck.promise])
      this.#leaderEnded = true
      cancelTimer()
      await this.#stopAll()
      await drained(reader)
      await capture.close()
      const { bytes: outputBytes, failure: outputFailure } = capture
      const asked = { timedOut: this.#timedOut, stopRequested: this.#stopRequested }
      return { ...end, ...asked, outputBytes, outputFailure }
    } finally {
      cancelTimer()
      reader.destroy()
      await capture.close()
    }
  }

  #stopAll(): Promise<unknown> {
    this.#stopping ??= stopTree(this.#options.token, {
      leader: this.identity,
      sessions: new Set([this.identity.pid]),
      grace: this.#options.grace,
      walled: this.#options.walled,
      hurry: this.#hurry.signal,
    })
    this.#stopping.catch(this.#stuck.reject)
    return this.#stopping
  }

  #startTimer(): () => void {
    const { timeLimit } = this.#options
    if (timeLimit === null) return () => {}
    const onTime = (): void => {
      this.#timedOut = true
      this.#stopAll()
    }
    const timer = setTimeout(onTime, Math.min(timeLimit, LONGEST_TIMER))
    return () => clearTimeout(timer)
  }
}

function pour(reader: Socket, capture: Capture, onOutput: WorkerOptions['onOutput']): void {
  let known = ''
  reader.on('data', (chunk: Buffer) => {
    capture.write(chunk)
    if (onOutput === undefined || capture.lastLine === known) return
    known = capture.lastLine
    onOutput(known)
  })
  // A pipe that fails has ended; `drained` sees it.
  reader.on('error', () => {})
}

async function drained(reader: Socket): Promise<void> {
  try {
    await finished(reader, { signal: AbortSignal.timeout(DRAIN_PATIENCE), writable: false })
  } catch {
    // Nothing more will come, or somebody out of the tree holds the pipe.
  }
}

function requireDirectory(cwd: string): void {
  if (statSync(cwd, { throwIfNoEntry: false })?.isDirectory() === true) return
  throw new Fault(`The command could not be started: ${cwd} is not a directory.`, { retry: 'never' })
}
