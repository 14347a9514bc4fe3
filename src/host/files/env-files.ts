import { closeSync, constants, type Dirent, fstatSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseEnv } from 'node:util'

/** `.env`, `.env.local`, …; not those that are committed to show what belongs there. */
const NAME = /^\.env(\.(?!example|sample|template|dist|test$).*)?$/
/** Bytes. */
const LARGEST = 1024 * 1024

/** Directories that are looked into below the top, and how deep: it is done before the first line is written. */
const MOST_DIRECTORIES = 100
const DEEPEST = 3
/** What others have made lies there, and much of it. */
const PASSED_OVER = ['node_modules', 'vendor', 'target', 'dist', 'build', 'venv']

/** The variables of the dotenv files of a checkout, and of those among `paths`, by file; none of what cannot be read. */
export function envFiles(root: string, paths: readonly string[]): Record<string, string | undefined>[] {
  const named = paths.filter((path) => NAME.test(basename(path)))
  return [...new Set([...dotenvIn(root), ...named])].map((name) => parseEnv(readText(join(root, name))))
}

/** Relative to `root`, nearest first; hidden directories, lanes among them, are passed over. */
function dotenvIn(root: string): string[] {
  const found: string[] = []
  const toSee = [{ path: '', depth: 0 }]
  for (const { path, depth } of toSee)
    for (const entry of list(join(root, path))) {
      if (NAME.test(entry.name)) found.push(join(path, entry.name))
      const isSeen = entry.isDirectory() && !entry.name.startsWith('.') && !PASSED_OVER.includes(entry.name)
      if (isSeen && depth < DEEPEST && toSee.length <= MOST_DIRECTORIES)
        toSee.push({ path: join(path, entry.name), depth: depth + 1 })
    }
  return found
}

function list(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
  } catch {
    return []
  }
}

/** Empty where it cannot be read, is no file or is large. A pipe would be waited for. */
export function readText(path: string): string {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const is = fstatSync(file)
      return is.isFile() && is.size <= LARGEST ? readFileSync(file, 'utf8') : ''
    } finally {
      closeSync(file)
    }
  } catch {
    return ''
  }
}
