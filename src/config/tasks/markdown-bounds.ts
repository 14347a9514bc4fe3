import { usageAt } from '../place.ts'

// micromark 4 takes time quadratic in the nesting of one line (">" 64,000 times: 22 s), in the lines of one
// paragraph that continue a list item or quote without its indent (32,000 lines: 16 s), and some 70 µs for each
// marker of each line; measured here. Within these bounds the worst file takes seconds, and no real one comes near.
export const MOST_LINES = 200_000
const LONGEST_RUN = 2000
const DEEPEST = 20
const MOST_MARKERS = 100_000

/**
 * Refuses Markdown that would take the parser minutes.
 * @throws UsageError
 */
export function checkBounds(file: string, text: string): void {
  let run = 0
  let markers = 0
  for (const [index, line] of text.split(/\r\n|\n|\r/).entries()) {
    run = line.trim() === '' ? 0 : run + 1
    const here = countMarkers(line)
    markers += here
    const refuse = (sentence: string, hint: string) => usageAt({ file, line: index + 1 }, sentence, hint)
    if (index >= MOST_LINES) throw refuse(`The file has more than ${MOST_LINES} lines.`, 'Split it.')
    if (run > LONGEST_RUN)
      throw refuse(`More than ${LONGEST_RUN} lines stand together here.`, 'Put an empty line between parts.')
    if (here > DEEPEST)
      throw refuse(`Lists or quotes nest more than ${DEEPEST} deep here.`, 'Write it with less nesting.')
    if (markers > MOST_MARKERS)
      throw refuse(`The file holds more than ${MOST_MARKERS} list items and quoted lines.`, 'Split it.')
  }
}

/** How many lists and quotes the beginning of a line may open or continue; at least as many as it really does. */
function countMarkers(line: string): number {
  const start = /^(?:[ \t]|>|[-+*](?=[ \t]|$)|\d{1,9}[.)](?=[ \t]|$))*/.exec(line)?.[0] ?? ''
  return start.match(/[>\-+*.)]/g)?.length ?? 0
}
