import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, rename } from 'node:fs/promises'
import { basename, join } from 'node:path'

/**
 * Renames a directory into `trash` (same file system), which answers at once however large it is. The caller has
 * made sure that it is the right one. Returns where it is now.
 */
export async function moveToTrash(path: string, trash: string): Promise<string> {
  await mkdir(trash, { recursive: true })
  const target = join(trash, `${basename(path)}-${randomBytes(6).toString('hex')}`)
  await rename(path, target)
  return target
}

/**
 * Deletes what lies in the trash in a process of its own that outlives us: 20,000 files can take minutes on a busy
 * disk. `rm` does not follow symbolic links and stays on one file system.
 */
export function deleteInBackground(paths: readonly string[]): void {
  if (paths.length === 0) return
  const stay = process.platform === 'linux' ? ['--one-file-system'] : []
  spawn('rm', ['-rf', ...stay, '--', ...paths], { detached: true, stdio: 'ignore', cwd: '/' }).unref()
}
