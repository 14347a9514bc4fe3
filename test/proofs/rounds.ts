import { createHash } from 'node:crypto'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The rounds of a proof that are done, kept outside of the process so that an interrupted proof goes on. */
export interface Rounds {
  readonly done: number
  once<T>(round: string, work: () => Promise<T>): Promise<T>
  forget(): void
}

/** `key`: whatever the figures depend on; another key begins anew. */
export function openRounds(name: string, key: string): Rounds {
  const digest = createHash('sha256').update(key).digest('hex').slice(0, 16)
  const file = join(tmpdir(), `worklane-proof-${name}-${digest}.json`)
  const results = read(file)
  return {
    done: results.size,
    async once<T>(round: string, work: () => Promise<T>): Promise<T> {
      if (results.has(round)) return results.get(round) as T
      const result = await work()
      results.set(round, result)
      writeFileSync(`${file}.new`, JSON.stringify(Object.fromEntries(results)))
      renameSync(`${file}.new`, file)
      return result
    },
    forget: () => rmSync(file, { force: true }),
  }
}

function read(file: string): Map<string, unknown> {
  try {
    return new Map(Object.entries(JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>))
  } catch {
    return new Map()
  }
}
