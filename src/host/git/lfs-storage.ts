import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { settingsOf } from './git.ts'

/** Where git-lfs keeps what belongs to the repository (git-lfs-config(5), lfs.storage). */
export async function lfsStorage(commonDir: string): Promise<string> {
  const set = (await settingsOf(commonDir)).findLast(([key]) => key === 'lfs.storage')?.[1]
  return resolve(commonDir, set || 'lfs')
}

/** The objects there, for lanes to read; null: none yet. Git is asked only where the repository's settings have the word. */
export async function lfsObjects(commonDir: string): Promise<string | null> {
  const isSet = /storage/i.test(await readFile(join(commonDir, 'config'), 'latin1').catch(() => ''))
  const objects = join(isSet ? await lfsStorage(commonDir) : join(commonDir, 'lfs'), 'objects')
  return existsSync(objects) ? objects : null
}

/** Below a directory of objects. */
export function lfsPath(oid: string): string {
  return join(oid.slice(0, 2), oid.slice(2, 4), oid)
}
