import { UsageError } from './usage-error.ts'

/** A place in a file that a person wrote. `file` is the name they gave; `line` counts from 1. */
export interface Place {
  readonly file: string
  readonly line: number
}

/** A usage error that begins with `file:line: `. */
export function usageAt(place: Place, sentence: string, hint: string): UsageError {
  return new UsageError(`${printable(place.file, 200)}:${place.line}: ${sentence}`, { hint })
}

/** Runs `body`; a usage error that it throws gets the place in front. */
export function within<T>(place: Place, body: () => T): T {
  try {
    return body()
  } catch (error) {
    if (error instanceof UsageError) throw usageAt(place, error.message, error.hint)
    throw error
  }
}

/** Text in quotes for a message: shortened, and unable to move a cursor, hide or reorder what it stands in. */
export function quoted(text: string, max = 60): string {
  return `"${printable(text, max)}"`
}

export function printable(text: string, max: number): string {
  const short = [...text.slice(0, max * 2)].slice(0, max).join('')
  const tail = short.length < text.length ? '…' : ''
  return short.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, escaped) + tail
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}
