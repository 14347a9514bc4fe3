import { Box, type Instance, render, Text, type TextProps } from 'ink'
import type { ReactNode } from 'react'
import type { RunSnapshot } from '../../../operations/snapshot.ts'
import { landedLast } from './landed-last.ts'
import type { Line, Tone } from './line.ts'
import { plainText } from './terminal-text.ts'
import { viewModel } from './view-model.ts'

export interface LiveView {
  /** Shows how things stand; cheap enough to be called for every change. */
  update(snapshot: RunSnapshot): void
  /** One line above the picture, which stays in the scrollback. */
  say(line: string): void
  /** Leaves the last picture where it is, gives the terminal back and writes `finalLines` below. */
  stop(finalLines: readonly string[]): void
}

const FRAMES_PER_SECOND = 5
const TICK = 1000

const STYLES: Readonly<Record<Tone, TextProps>> = {
  plain: {},
  dim: { dimColor: true },
  strong: { bold: true },
  good: { color: 'green' },
  busy: { color: 'cyan' },
  warn: { color: 'yellow' },
  bad: { color: 'red' },
}

/**
 * The live view of `worklane run`. Load this file by `import()` only, and only where `canShowLive` agrees: ink and
 * react take longer to load than any other command takes to run. The caller handles SIGINT; the keyboard is not read.
 */
export function showLive(stdout: NodeJS.WriteStream = process.stdout): LiveView {
  const picture = new Picture(stdout)
  const redraw = (): void => picture.draw()
  // Time goes by also when nothing else happens; a view never keeps a process alive.
  const ticking = setInterval(redraw, TICK).unref()
  // Before ink's own listener, so that ink finds a picture that fits.
  stdout.on('resize', redraw)
  return {
    update: (snapshot) => picture.see(snapshot),
    // ink puts what goes to the console above its picture, and redraws.
    say: (line) => console.log(plainText(line)),
    stop(finalLines) {
      clearInterval(ticking)
      stdout.off('resize', redraw)
      picture.leave()
      if (finalLines.length > 0) stdout.write(`\n${finalLines.join('\n')}\n`)
    },
  }
}

class Picture {
  readonly #stdout: NodeJS.WriteStream
  #instance: Instance | null = null
  #latest: { readonly snapshot: RunSnapshot; readonly seenAt: number } | null = null
  #landed: readonly number[] = []
  #shown = ''
  #left = false

  constructor(stdout: NodeJS.WriteStream) {
    this.#stdout = stdout
  }

  see(snapshot: RunSnapshot): void {
    this.#latest = { snapshot, seenAt: performance.now() }
    this.#landed = landedLast(this.#landed, snapshot)
    this.draw()
  }

  draw(): void {
    if (this.#latest === null || this.#left) return
    const { snapshot, seenAt } = this.#latest
    const now = snapshot.now + Math.round(performance.now() - seenAt)
    // A terminal that does not tell its size says 0 or nothing.
    const size = { columns: this.#stdout.columns || 80, rows: this.#stdout.rows || 24 }
    const lines = viewModel({ ...snapshot, now }, size, this.#landed)
    const shown = JSON.stringify(lines)
    if (shown === this.#shown) return
    this.#shown = shown
    const node = <Screen lines={lines} />
    if (this.#instance === null) this.#instance = render(node, this.#options())
    else this.#instance.rerender(node)
  }

  leave(): void {
    this.draw()
    this.#left = true
    this.#instance?.unmount()
  }

  #options(): Parameters<typeof render>[1] {
    return {
      stdout: this.#stdout,
      maxFps: FRAMES_PER_SECOND,
      interactive: true,
      exitOnCtrlC: false,
    }
  }
}

/** One Text per line; the model has already cut them, so nothing wraps. */
function Screen({ lines }: { readonly lines: readonly Line[] }): ReactNode {
  return (
    <Box flexDirection="column">
      {keyed(lines).map(([key, line]) => (
        <Text key={key} wrap="truncate-end">
          {line.length === 0 ? ' ' : keyed(line).map(([at, { text, tone }]) => styled(at, text, tone))}
        </Text>
      ))}
    </Box>
  )
}

function styled(key: string, text: string, tone: Tone): ReactNode {
  // https://no-color.org: any value that is not empty.
  const style = process.env.NO_COLOR ? STYLES.plain : STYLES[tone]
  return (
    <Text key={key} {...style}>
      {text}
    </Text>
  )
}

/** A line is known by its place on the screen and by nothing else. */
function keyed<T>(items: readonly T[]): [string, T][] {
  return items.map((item, at) => [String(at), item])
}
