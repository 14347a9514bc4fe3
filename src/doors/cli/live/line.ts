import { cut, width } from './terminal-text.ts'

/** How a piece of text is meant; the view turns it into a colour. */
export type Tone = 'plain' | 'dim' | 'strong' | 'good' | 'busy' | 'warn' | 'bad'

export interface Cell {
  readonly text: string
  readonly tone: Tone
}

/** One line of the screen, left to right. */
export type Line = readonly Cell[]

export function cell(text: string, tone: Tone = 'plain'): Cell {
  return { text, tone }
}

export const BLANK: Line = []

export function lineText(line: Line): string {
  return line.map(({ text }) => text).join('')
}

/** The line in at most `columns` columns; `…` stands for what is missing. */
export function cutLine(line: Line, columns: number): Line {
  if (width(lineText(line)) <= columns) return line
  const cells: Cell[] = []
  let room = columns
  for (const { text, tone } of line) {
    const whole = width(text)
    // The space makes a cell that fills the room exactly show that more was to come.
    if (whole >= room) return [...cells, { text: cut(`${text} `, room), tone }]
    cells.push({ text, tone })
    room -= whole
  }
  return cells
}
