import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** How deep git follows alternates of alternates (object-file.c, link_alt_odb_entries). */
const DEPTH = 5

/** An alternate that is not there, and the file that names it. */
export interface BrokenAlternate {
  readonly file: string
  readonly missing: string
}

/** Lines of `info/alternates`, relative to the objects directory; `#` begins a comment (gitrepository-layout(5)). */
export function brokenAlternates(objects: string, depth = 0): BrokenAlternate[] {
  const file = join(objects, 'info', 'alternates')
  if (depth > DEPTH || !existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .flatMap((line) => {
      const path = resolve(objects, unquoted(line))
      return existsSync(path) ? brokenAlternates(path, depth + 1) : [{ file, missing: path }]
    })
}

/** Git quotes names as in C; what JSON reads otherwise (octal escapes) stays as it is. */
function unquoted(line: string): string {
  if (!line.startsWith('"')) return line
  try {
    return String(JSON.parse(line))
  } catch {
    return line
  }
}

/** The objects directory and all that it reads objects from, each as it really lies. */
export function objectDirectories(objects: string, depth = 0): string[] {
  const file = join(objects, 'info', 'alternates')
  if (!existsSync(objects)) return []
  if (depth > DEPTH || !existsSync(file)) return [realpathSync(objects)]
  const lines = readFileSync(file, 'utf8').split('\n')
  const others = lines.filter((line) => line !== '' && !line.startsWith('#'))
  const below = others.flatMap((line) => objectDirectories(resolve(objects, unquoted(line)), depth + 1))
  return [...new Set([realpathSync(objects), ...below])]
}
