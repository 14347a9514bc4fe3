import { stripVTControlCharacters } from 'node:util'

/**
 * Text that cannot steer a terminal: subjects, notes, file names and agents' output come from programs that nobody
 * trusts. Lines and tabs stay.
 */
export function clean(text: string): string {
  return stripVTControlCharacters(text).replace(/[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/gu, '')
}

/** JSON in one line that cannot steer a terminal either. Another way to write the same. */
export function cleanJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
