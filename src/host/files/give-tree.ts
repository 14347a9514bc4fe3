import { lchown, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Makes a directory and all that is in it a user's, for small ones that nobody else writes in. Follows no links. */
export async function giveTree(path: string, uid: number): Promise<void> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  await Promise.all(
    [path, ...entries.map((entry) => join(entry.parentPath, entry.name))].map((one) => lchown(one, uid, uid)),
  )
}
