import { type Cell, cell, type Line } from './line.ts'
import type { Row } from './row.ts'
import { cut, pad, padStart, width } from './terminal-text.ts'

/** Columns of a row; 0 where the terminal has no room for one. Two spaces stand before each but the first. */
export interface Widths {
  readonly id: number
  readonly subject: number
  readonly who: number
  readonly clock: number
  readonly action: number
  readonly changes: number
}

const NARROW = 60
const LEAST_ACTION = 14
const LEAST_SUBJECT = 16
const MOST_SUBJECT = 60
const GAP = 2

/** Shares out a line of `columns` columns among what all rows have to say, so that they stand in columns. */
export function shareColumns(columns: number, rows: readonly Row[]): Widths {
  const most = (texts: readonly string[]): number => Math.max(0, ...texts.map(width))
  const id = most(rows.map((row) => `#${row.id}`))
  const who = Math.min(most(rows.map((row) => row.who.text)), columns < NARROW ? 10 : 18)
  const clock = most(rows.map((row) => row.clock))
  const changes = columns < NARROW ? 0 : most(rows.map((row) => row.changes))
  const taken = [who, clock, changes].reduce((sum, n) => sum + (n === 0 ? 0 : n + GAP), GAP + id + 1)
  const rest = Math.max(0, columns - taken)
  const longest = Math.min(most(rows.map((row) => row.subject)), MOST_SUBJECT)
  const wanted = rows.some((row) => row.action !== '') && rest >= LEAST_SUBJECT + GAP + LEAST_ACTION
  if (!wanted) return { id, subject: Math.min(rest, longest), who, clock, action: 0, changes }
  const subject = Math.min(longest, Math.max(LEAST_SUBJECT, Math.floor((rest - GAP) * 0.55)))
  return { id, subject, who, clock, action: rest - subject - GAP, changes }
}

/** The line of a row: `● #7  Add a login form  claude ×2   3m05s  npm test  3 files +40 −2`. */
export function layOut(row: Row, widths: Widths): Line {
  const { who } = row
  const gap = cell(' '.repeat(GAP))
  const cells: Cell[] = [
    row.glyph,
    cell(` ${padStart(`#${row.id}`, widths.id)} `, 'dim'),
    cell(pad(row.subject, widths.subject)),
  ]
  if (widths.who > 0) cells.push(gap, cell(pad(who.text, widths.who), who.tone))
  if (widths.clock > 0) cells.push(gap, cell(padStart(row.clock, widths.clock), 'dim'))
  if (widths.action > 0) cells.push(gap, cell(pad(row.action, widths.action), 'dim'))
  if (widths.changes > 0) cells.push(gap, cell(padStart(row.changes, widths.changes)))
  return cells
}

/** The lines below a row: why, and what to do; on one line where both fit. */
export function layOutDetails(row: Row, widths: Widths, columns: number): Line[] {
  const indent = GAP + widths.id + 1
  const room = columns - indent
  const { reason, next } = row
  const start = cell(' '.repeat(indent))
  const arrow = next === '' ? '' : `→ ${next}`
  const both = reason === '' || arrow === '' || width(reason) + GAP + width(arrow) <= room
  const texts = both ? [[reason, arrow].filter(Boolean).join('  ')] : [reason, arrow]
  return texts.filter(Boolean).map((text) => [start, cell(cut(text, room), 'dim')])
}
