import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseEnv } from 'node:util'

/** `.env`, `.env.local`, …; not those that are committed to show what belongs there. */
const NAME = /^\.env(\.(?!example|sample|template|dist|test$).*)?$/
/** Bytes. */
const LARGEST = 1024 * 1024

/** The variables of the dotenv files at the top of a checkout, and of those among `paths`, by file; none of what cannot be read. */
export function envFiles(root: string, paths: readonly string[]): Record<string, string | undefined>[] {
  const top = list(root)
  const names = [...new Set([...top, ...paths])].filter((path) => NAME.test(basename(path)))
  return names.map((name) => parseEnv(read(join(root, name))))
}

function list(root: string): string[] {
  try {
    return readdirSync(root)
  } catch {
    return []
  }
}

/** A pipe would be waited for. */
function read(path: string): string {
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
