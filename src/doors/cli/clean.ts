import { stripVTControlCharacters } from 'node:util'

/**
 * Text that cannot steer a terminal: subjects, notes, file names and agents' output come from programs that nobody
 * trusts. Lines and tabs stay.
 */
export function clean(text: string): string {
  return stripVTControlCharacters(text).replace(/[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/gu, '')
}
