import { StringDecoder } from 'node:string_decoder'
import { stripVTControlCharacters } from 'node:util'

/** Bytes of a line that are looked at: 200 characters and the escape sequences among them. */
const LINE_BYTES = 2048
const LINE_CHARACTERS = 200
/** Empty lines that are skipped in one chunk before the line known so far stays. */
const BLANK_LINES = 64

/** Follows a stream of bytes and knows its last non-empty line, the unfinished one included. */
export class LastLine {
  /** Plain text of at most 200 characters: no escape sequences, no control characters. */
  text = ''
  #unfinished: Buffer = Buffer.alloc(0)

  see(chunk: Buffer): void {
    const lines = linesFromEnd(chunk)
    const text = this.#newest(chunk, lines)
    if (text !== '') this.text = text
    const rest = lines[0] ?? { from: 0, to: 0 }
    const begun = chunk.subarray(rest.from, Math.min(rest.to, rest.from + LINE_BYTES))
    this.#unfinished = rest.from === 0 ? this.#continued(begun) : Buffer.from(begun)
  }

  #newest(chunk: Buffer, lines: readonly Span[]): string {
    for (const { from, to } of lines) {
      const bytes = chunk.subarray(from, Math.min(to, from + LINE_BYTES))
      const text = plain(from === 0 ? this.#continued(bytes) : bytes)
      if (text !== '') return text
    }
    return ''
  }

  #continued(bytes: Buffer): Buffer {
    if (this.#unfinished.length >= LINE_BYTES) return this.#unfinished
    return Buffer.concat([this.#unfinished, bytes]).subarray(0, LINE_BYTES)
  }
}

interface Span {
  readonly from: number
  readonly to: number
}

/** The lines of a chunk, last first. A carriage return ends a line too: progress bars. */
function linesFromEnd(chunk: Buffer): Span[] {
  const lines: Span[] = []
  for (let to = chunk.length; lines.length < BLANK_LINES; ) {
    const from = lineStart(chunk, to)
    lines.push({ from, to })
    if (from === 0) break
    to = from - 1
  }
  return lines
}

function lineStart(chunk: Buffer, end: number): number {
  for (let at = end - 1; at >= 0; at -= 1) if (chunk[at] === 0x0a || chunk[at] === 0x0d) return at + 1
  return 0
}

/** Direction marks are removed as well: they would reorder the rest of a terminal's line. */
function plain(bytes: Buffer): string {
  // Not toString(): the last character may be cut in the middle.
  const decoded = new StringDecoder('utf8').write(bytes)
  const text = stripVTControlCharacters(decoded.replace(HALF_ESCAPE, ''))
    .replace(/\t/g, ' ')
    .replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '')
    .trim()
  return [...text].slice(0, LINE_CHARACTERS).join('')
}

/** An escape sequence whose end has not arrived. */
const HALF_ESCAPE = new RegExp(`${String.fromCharCode(27)}[\\[\\]()#;?\\d]*$`)
