import { writeSync } from 'node:fs'
import { isOurDefect } from '../../board/ledger-codes.ts'
import { isRefusal, type Refusal } from '../../board/refusal.ts'
import type { Progress } from '../../operations/operation.ts'
import { clean, cleanJson } from './clean.ts'
import type { View } from './view.ts'

/** Exit codes: 0 done, 1 refused (or not everything landed), 2 usage, 3 the outside world failed, 70 our defect, 130 stopped. */
const EXIT = { refused: 1, usage: 2, fault: 3, defect: 70, stopped: 130 } as const

interface ErrorAnswer {
  readonly code: string
  readonly message: string
  readonly hint: string
}

/** Everything that a command says: text for people, or JSON with `--json`. */
export class Terminal {
  readonly #json: boolean
  #view: View | null = null
  #readerGone: () => void = () => process.exit(0)

  constructor(json: boolean) {
    this.#json = json
  }

  /** Where a program on this terminal prints: never into JSON. */
  get output(): 1 | 2 {
    return this.#json ? 2 : 1
  }

  say(text: string): number {
    this.#write(1, text.endsWith('\n') ? text : `${text}\n`)
    return 0
  }

  /** Answers the function that takes progress. */
  async begin(name: string, readerGone: () => void): Promise<(progress: Progress) => void> {
    this.#readerGone = readerGone
    if (this.#json) {
      const streams = name === 'run' || name === 'up' || name === 'events'
      return (progress) => {
        if (streams && progress.kind === 'event') this.#write(1, `${cleanJson(progress.event)}\n`)
        else if (progress.kind === 'radar')
          this.#write(1, `${cleanJson({ ok: true, data: progress.answer })}\n`)
        else if (progress.kind === 'warning') this.#write(2, `${clean(progress.text)}\n`)
        else if (name === 'logs' && progress.kind === 'text') this.#text += progress.text
      }
    }
    const { openView } = await import('./view.ts')
    this.#view = openView(name, readerGone)
    return (progress) => this.#view?.show(progress)
  }

  #text = ''

  async end(name: string, answer: unknown, stopped: boolean): Promise<number> {
    await this.#view?.close()
    if (isRefusal(answer)) return this.#error(answer, EXIT.refused)
    const code = exitCodeOf(name, answer, stopped)
    // What was watched has been shown.
    if (name === 'radar' && stopped) return code
    if (this.#json) {
      const data = name === 'logs' ? { ...(answer as object), text: this.#text } : answer
      if (name !== 'events') this.#write(1, `${cleanJson({ ok: true, data })}\n`)
      return code
    }
    const { render } = await import('./render.ts')
    const text = await render(name, answer)
    if (text !== '') this.say(process.stdout.isTTY || name !== 'lane diff' ? clean(text) : text)
    return code
  }

  refuseUsage(message: string, hint: string): number {
    return this.#error({ code: 'usage', message, hint }, EXIT.usage)
  }

  async fail(error: unknown): Promise<number> {
    await this.#view?.close()
    const known = knownError(error)
    if (known !== null) return this.#error(known.answer, known.exit)
    const { stack, message } = error instanceof Error ? error : new Error(String(error))
    const hint = `This is a defect of Worklane. Please report it with these lines:\n${stack ?? message}`
    return this.#error({ code: 'defect', message, hint }, EXIT.defect)
  }

  #write(file: 1 | 2, text: string): void {
    if (!writeAll(file, text)) this.#readerGone()
  }

  #error({ code, message, hint }: ErrorAnswer | Refusal, exit: number): number {
    if (this.#json) this.#write(1, `${cleanJson({ ok: false, error: { code, message, hint } })}\n`)
    else this.#write(2, clean(`worklane: ${message}\n${hint === '' ? '' : `  ${hint}\n`}`))
    return exit
  }
}

/** Bad input and failures of the outside world, by their shape: a door does not know the rooms behind. */
function knownError(error: unknown): { readonly answer: ErrorAnswer; readonly exit: number } | null {
  if (!(error instanceof Error)) return null
  const { name, message } = error
  const { hint = '', syscall, code = 'fault' } = error as { hint?: string; syscall?: string; code?: string }
  if (name === 'UsageError') return { answer: { code, message, hint }, exit: EXIT.usage }
  if (name === 'Fault') return { answer: { code, message, hint }, exit: EXIT.fault }
  if (name === 'SqliteError' && !isOurDefect(code))
    return {
      answer: {
        code: 'ledger',
        message: `The ledger cannot be used: ${message}`,
        hint: 'See: worklane doctor',
      },
      exit: EXIT.fault,
    }
  return typeof syscall === 'string' ? { answer: systemError(error), exit: EXIT.fault } : null
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EDQUOT: 'your share of the disk is used up',
  EIO: 'the disk failed',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'the path is too long',
  ENOENT: 'it is not there',
  ENOSPC: 'no space is left on the disk',
  ENOTDIR: 'part of the path is no directory',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
}

/** What Node says of a system call that failed, as a sentence. */
function systemError(error: NodeJS.ErrnoException): ErrorAnswer {
  const { code = 'fault', syscall = '', path } = error
  const where = path === undefined ? '' : ` at ${path}`
  // Node says ENOENT for EROFS where it is to make a directory with those above it (24.21).
  const why = syscall === 'mkdir' && code === 'ENOENT' ? 'missing or read-only' : (REASONS[code] ?? code)
  const message = `The system refused ${syscall}${where}: ${why}.`
  return { code, message, hint: 'Mend that, and ask again.' }
}

/** Where something is left over the command itself did not fail, but scripts want to know: `worklane land && deploy`. */
function exitCodeOf(name: string, answer: unknown, stopped: boolean): number {
  if (name === 'sandbox test') return heldCode(answer as { held: number; of: number })
  if (name === 'shell') return shellCode(answer as { exitCode: number; problem: string | null })
  if (name === 'run' && (answer as { interrupted: boolean }).interrupted) return EXIT.stopped
  if (name !== 'run' && stopped && name !== 'up' && name !== 'events') return EXIT.stopped
  const left = (LEFT_OVER[name] ?? []).flatMap((what) => (answer as Record<string, readonly unknown[]>)[what])
  return left.length === 0 ? 0 : EXIT.refused
}

function heldCode({ held, of }: { held: number; of: number }): number {
  return held === of ? 0 : EXIT.refused
}

/** The program's own, unless it was content and we are not. */
function shellCode({ exitCode, problem }: { exitCode: number; problem: string | null }): number {
  return exitCode === 0 && problem !== null ? EXIT.refused : exitCode
}

const LEFT_OVER: Readonly<Record<string, readonly string[]>> = {
  run: ['unfinished'],
  land: ['rejected', 'conflicted', 'held', 'waiting'],
  doctor: ['findings'],
}

/**
 * Not through process.stdout, whose streams take 4 ms to load. Synchronous, so that a process that ends at once loses
 * nothing; a pipe that is full is waited for. False: the reader has gone.
 */
function writeAll(file: 1 | 2, text: string): boolean {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(file, bytes, at)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EPIPE' || code === 'EIO') return false
      if (code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
  }
  return true
}
