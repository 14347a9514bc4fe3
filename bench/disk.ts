import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileSystemOf } from '../test/proofs/machine.ts'

/** Where a benchmark makes and deletes its worktrees. */
export interface Disk {
  readonly directory: string
  /** In words, for the reader of the figures. */
  readonly kind: string
  [Symbol.dispose](): void
}

const MEMORY = '/dev/shm'
const GIBIBYTE = 2 ** 30

/**
 * A disk of its own: a fresh ext4 image with a journal, mounted by loop, where we are root and may; else tmpfs; else
 * the temporary directory. Some machines have ext4 without a journal, where making files soon after deleting many
 * costs 5 to 7 times more (measured here), so figures from there would say little.
 */
export function openDisk(gibibytes: number): Disk {
  const inMemory = freeBytes(MEMORY) > 2 * gibibytes * GIBIBYTE
  const top = temporary(inMemory ? MEMORY : tmpdir())
  const remove = (): void => rmSync(top, { recursive: true, force: true })
  const mounted = mountImage(top, gibibytes)
  if (mounted === null)
    return { directory: top, kind: inMemory ? 'tmpfs' : fileSystemOf(top), [Symbol.dispose]: remove }
  const unmount = (): void => {
    execFileSync('umount', [mounted], { stdio: 'ignore' })
    remove()
  }
  const kind = `ext4 with a journal, a fresh image mounted by loop, kept ${inMemory ? 'in memory' : 'on disk'}`
  return { directory: mounted, kind, [Symbol.dispose]: unmount }
}

/** Null where it is not allowed or the programs are missing. */
function mountImage(top: string, gibibytes: number): string | null {
  if (process.getuid?.() !== 0) return null
  const [image, directory] = [join(top, 'image'), join(top, 'disk')]
  try {
    execFileSync('truncate', ['-s', `${gibibytes}G`, image], { stdio: 'ignore' })
    const whole = 'lazy_itable_init=0,lazy_journal_init=0'
    execFileSync('mkfs.ext4', ['-q', '-O', 'has_journal', '-E', whole, image], { stdio: 'ignore' })
    mkdirSync(directory)
    execFileSync('mount', ['-o', 'loop', image, directory], { stdio: 'ignore' })
    return directory
  } catch {
    rmSync(image, { force: true })
    return null
  }
}

/** The temporary directory as it is: for runs whose figures nobody reads. */
export function ordinaryDisk(): Disk {
  const directory = temporary(tmpdir())
  const remove = (): void => rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
  return { directory, kind: fileSystemOf(directory), [Symbol.dispose]: remove }
}

function temporary(parent: string): string {
  return realpathSync(mkdtempSync(join(parent, 'worklane-bench-')))
}

function freeBytes(directory: string): number {
  try {
    const { bavail, bsize } = statfsSync(directory)
    return bavail * bsize
  } catch {
    return 0
  }
}
