import { stripVTControlCharacters } from 'node:util'
import stringWidth from 'string-width'

/** Enough for a line on the widest terminal; what follows is not looked at. */
const LOOKED_AT = 4000

/**
 * Text by others (subjects, output of agents, names of files), safe to print: one line, no escape sequence, no control
 * character, nothing that reorders the rest of the line.
 *
 * Terminals disagree about how wide joined emoji, skin tones, flags and presentation marks are, and a line that is
 * wider than thought wraps and breaks the picture. So these are taken apart into what every terminal counts alike.
 */
export function plainText(text: string): string {
  return stripVTControlCharacters(text.slice(0, LOOKED_AT).toWellFormed())
    .replace(/[\s\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Me}\p{Variation_Selector}\p{Emoji_Modifier}]/gu, '')
    .replace(/\p{Regional_Indicator}/gu, letterOfFlag)
    .normalize('NFC')
    .replace(STACKED_MARKS, '$1')
    .trim()
}

/** More than three marks on a letter reach into the lines above and below. */
const STACKED_MARKS = /(\p{M}{3})\p{M}+/gu

function letterOfFlag(half: string): string {
  return String.fromCodePoint((half.codePointAt(0) ?? 0) - 0x1f1e6 + 0x41)
}

const CLUSTERS = new Intl.Segmenter()

/**
 * Columns that safe text takes, counted character by character as terminals do. Whole clusters count less for some
 * scripts (Devanagari conjuncts), and a line that is wider than thought wraps.
 */
export function width(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length
  let sum = 0
  for (const character of text) sum += characterWidth(character)
  return sum
}

/** Remembered, since the same few characters come again with every picture. */
const KNOWN = new Map<string, number>()

function characterWidth(character: string): number {
  const known = KNOWN.get(character)
  if (known !== undefined) return known
  const columns = stringWidth(character)
  KNOWN.set(character, columns)
  return columns
}

/** Safe text in at most `columns` columns; `…` stands for what is missing. */
export function cut(text: string, columns: number): string {
  if (columns <= 0) return ''
  if (width(text) <= columns) return text
  let room = columns - 1
  let end = 0
  for (const { segment, index } of CLUSTERS.segment(text)) {
    room -= width(segment)
    if (room < 0) break
    end = index + segment.length
  }
  return `${text.slice(0, end)}…`
}

/** Exactly `columns` columns. */
export function pad(text: string, columns: number): string {
  const short = cut(text, columns)
  return short + ' '.repeat(columns - width(short))
}

export function padStart(text: string, columns: number): string {
  const short = cut(text, columns)
  return ' '.repeat(columns - width(short)) + short
}
