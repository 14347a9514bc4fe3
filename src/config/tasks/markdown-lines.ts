import { usageAt } from '../place.ts'

/** A text and where its lines begin, counted from 0. Line ends are CR, LF or both, as in CommonMark. */
export interface TextLines {
  readonly text: string
  readonly count: number
  /** Offset of a line; the length of the text for any line after the last. */
  start(line: number): number
  /** The line with its end. */
  line(line: number): string
}

export function textLines(text: string): TextLines {
  const starts = [0]
  for (const end of text.matchAll(/\r\n|\n|\r/g)) starts.push(end.index + end[0].length)
  const start = (line: number): number => starts[line] ?? text.length
  return { text, count: starts.length, start, line: (line) => text.slice(start(line), start(line + 1)) }
}

/** Whether a block may begin at this line whatever stands before; the parser has the last word. */
export function startsPart(lines: TextLines, line: number): boolean {
  const text = lines.line(line)
  if (!/^\S/.test(text)) return false
  return /^(?:[-+*]|\d{1,9}[.)]|#{1,6})[ \t]/.test(text) || isBlank(lines.line(line - 1))
}

function isBlank(line: string): boolean {
  return /^\s*$/.test(line)
}

const MOST_LINES = 100_000
const MOST_MARKERS = 100_000
const LARGEST_PART = 256 * 1024
const LONGEST_RUN = 2000
const DEEPEST = 20
const MOST_MARKERS_TOGETHER = 2000

/**
 * Refuses a document with more in it than any list of tasks has; the parser takes up to 0.1 ms for each line and
 * each list item.
 * @throws UsageError
 */
export function checkWhole(file: string, lines: TextLines): void {
  let markers = 0
  for (let line = 0; line < lines.count; line += 1) {
    markers += countMarkers(lines.line(line))
    if (line < MOST_LINES && markers <= MOST_MARKERS) continue
    const what = line < MOST_LINES ? `${MOST_MARKERS} list items and quoted lines` : `${MOST_LINES} lines`
    throw usageAt({ file, line: line + 1 }, `The file has more than ${what}.`, 'Split it.')
  }
}

/**
 * Refuses a part of a document that would take the parser minutes. micromark 4 takes time quadratic in the nesting
 * of one line (">" 64,000 times: 22 s), in the lines that continue a paragraph of a list or quote without its
 * indent (32,000 lines: 16 s), and in the lists and quotes of one part; measured here. A task of 100 KiB has room
 * within these bounds.
 * @throws UsageError
 */
export function checkPart(file: string, lines: TextLines, first: number, after: number): void {
  const refuse = (line: number, sentence: string, hint: string) =>
    usageAt({ file, line: line + 1 }, sentence, hint)
  if (lines.start(after) - lines.start(first) > LARGEST_PART)
    throw refuse(
      first,
      `What begins here is larger than ${LARGEST_PART / 1024} KiB.`,
      'Split it, or end a code block.',
    )
  let run = 0
  let markers = 0
  for (let line = first; line < after; line += 1) {
    const text = lines.line(line)
    const here = countMarkers(text)
    run = isBlank(text) ? 0 : run + 1
    markers += here
    if (run > LONGEST_RUN)
      throw refuse(
        line,
        `More than ${LONGEST_RUN} lines stand together here.`,
        'Put empty lines between parts.',
      )
    if (here > DEEPEST)
      throw refuse(line, `Lists or quotes nest more than ${DEEPEST} deep here.`, 'Nest them less.')
    if (markers > MOST_MARKERS_TOGETHER)
      throw refuse(
        line,
        `One task has more than ${MOST_MARKERS_TOGETHER} list items or quoted lines.`,
        'Split it.',
      )
  }
}

/** How many lists and quotes the beginning of a line may open or continue; at least as many as it really does. */
function countMarkers(line: string): number {
  const start = /^(?:[ \t]|>|[-+*](?=\s|$)|\d{1,9}[.)](?=\s|$))*/.exec(line)?.[0] ?? ''
  return start.match(/[>\-+*.)]/g)?.length ?? 0
}
