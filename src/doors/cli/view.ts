import { writeSync } from 'node:fs'
import { isatty as isTerminal } from 'node:tty'
import type { LedgerEvent } from '../../board/event.ts'
import type { Progress } from '../../operations/operation.ts'
import { clean } from './clean.ts'
import { canShowLive } from './live/can-show-live.ts'
import type { LiveView } from './live/live-view.tsx'

/** What shows progress to a person while an operation works. */
export interface View {
  show(progress: Progress): void
  close(): Promise<void>
}

/** The live view for `run` and `up` on a terminal; plain lines elsewhere. */
export function openView(name: string, readerGone: () => void): View {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || error.code === 'EIO') readerGone()
  })
  if (name === 'logs')
    return {
      show(progress) {
        if (progress.kind === 'warning') warn(progress.text)
        if (progress.kind === 'text')
          process.stdout.write(process.stdout.isTTY ? clean(progress.text) : progress.text)
      },
      async close() {},
    }
  if (name === 'shell')
    return {
      show(progress) {
        if (progress.kind === 'warning') warn(progress.text)
        // For a person before it; not for what a script reads.
        if (progress.kind === 'text' && isTerminal(2)) warn(progress.text)
      },
      async close() {},
    }
  if (name === 'events')
    return {
      show(progress) {
        if (progress.kind === 'warning') warn(progress.text)
        if (progress.kind === 'event') process.stdout.write(`${clean(eventLine(progress.event))}\n`)
      },
      async close() {},
    }
  if (name === 'radar') return radarView()
  if (name === 'land') return plainView(process.stderr, ({ type }) => type.startsWith('verify.'))
  const live = (name === 'run' || name === 'up') && canShowLive(process.stdout, process.env)
  return live ? liveView() : plainView(process.stdout, () => true)
}

/** Beside the answer, which may be for a program, and beside what a program prints. */
function warn(text: string): void {
  writeSync(2, `${clean(text)}\n`)
}

function eventLine({ seq, time, type, subject, actor, data }: LedgerEvent): string {
  return `${String(seq).padStart(5)}  ${time}  ${type.padEnd(24)} ${subject.padEnd(12)} ${actor}  ${JSON.stringify(data)}`
}

/** Each look in place of the one before; on what is no terminal, one after the other. */
function radarView(): View {
  const text = import('./radar-text.ts')
  let queue = Promise.resolve()
  return {
    show(progress) {
      if (progress.kind !== 'radar') return
      queue = queue.then(async () => {
        const { radarText } = await text
        const place = process.stdout.isTTY ? '\u001b[2J\u001b[H' : ''
        process.stdout.write(`${place}${clean(radarText(progress.answer))}\n\n`)
      })
    },
    close: async () => await queue,
  }
}

function plainView(stream: NodeJS.WriteStream, isTold: (event: LedgerEvent) => boolean): View {
  const subjects = new Map<number, string>()
  const lines = import('./live/plain-lines.ts')
  let queue = Promise.resolve()
  return {
    show(progress) {
      // At once: a program may take the terminal a moment later.
      if (progress.kind === 'warning') return warn(progress.text)
      queue = queue.then(async () => {
        const { plainLine } = await lines
        if (progress.kind === 'text') stream.write(`${clean(progress.text)}\n`)
        if (progress.kind === 'snapshot')
          for (const { id, subject } of progress.snapshot.tasks) subjects.set(id, subject)
        const isNews = progress.kind === 'event' && isTold(progress.event)
        const line = isNews ? plainLine(progress.event, subjects) : null
        if (line !== null) stream.write(`${line}\n`)
      })
    },
    close: async () => await queue,
  }
}

function liveView(): View {
  const module = import('./live/live-view.tsx')
  const lines = import('./live/repository-lines.ts')
  let live: LiveView | null = null
  let closed = false
  return {
    show(progress) {
      void Promise.all([module, lines]).then(([{ showLive }, { repositoryLine }]) => {
        if (closed) return
        live ??= showLive()
        if (progress.kind === 'text' || progress.kind === 'warning') live.say(clean(progress.text))
        if (progress.kind === 'snapshot') live.update(progress.snapshot)
        const line = progress.kind === 'event' ? repositoryLine(progress.event) : null
        if (line !== null) live.say(line)
      })
    },
    async close() {
      if (closed) return
      await module
      closed = true
      live?.stop([])
    },
  }
}
