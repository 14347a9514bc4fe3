import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describeMachine } from './machine.ts'
import type { Figures, Params } from './proof.ts'

const PAGES = fileURLToPath(new URL('../../docs/proofs', import.meta.url))

/** A page of docs/proofs: what was run where, and what came out. */
export interface Page {
  readonly name: string
  readonly line: string
  readonly command: string
  readonly seed?: number
  readonly params: Params
  /** Extra lines of the table at the top, such as the disk. */
  readonly facts?: Readonly<Record<string, string>>
  /** Tables of figures, as Markdown. */
  readonly body: string
}

/** Writes the page and returns its place in the checkout. */
export function writePage({ name, line, command, seed, params, facts, body }: Page): string {
  const top = {
    Command: `\`${command}\``,
    Date: new Date().toISOString().slice(0, 10),
    Machine: describeMachine(),
    ...(seed === undefined ? {} : { Seed: String(seed) }),
    Parameters: Object.entries(params)
      .map(([key, value]) => `${key} ${value}`)
      .join(', '),
    ...facts,
  }
  mkdirSync(PAGES, { recursive: true })
  const text = `# ${name}\n\n${line}\n\n${markdownTable(['Run', ''], Object.entries(top))}\n${body}`
  writeFileSync(join(PAGES, `${name}.md`), text)
  return `docs/proofs/${name}.md`
}

export function figuresTable(figures: Figures): string {
  return markdownTable(
    ['Figure', 'Value'],
    Object.entries(figures).map(([key, value]) => [key, String(value)]),
  )
}

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`
  return line(head) + line(head.map(() => '---')) + rows.map(line).join('')
}
