import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * Room that is taken while there is some, and given back when the disk is full, so that what is under way can be ended
 * and told. A log of a few transactions takes some 100 kB, SQLite's shared memory 32 kB; and both are files, of which
 * there can be too many as well.
 */
const FILES = 4
const BYTES = 2 ** 18

/** Next to the ledger, so that it is room on the same file system. */
function reserveOf(ledger: string): string {
  return join(dirname(ledger), 'reserve')
}

/** Takes the reserve unless it is taken. False: there is no room for it, so nothing new should be begun. */
export function keepReserve(ledger: string): boolean {
  const directory = reserveOf(ledger)
  const last = join(directory, String(FILES - 1))
  if ((statSync(last, { throwIfNoEntry: false })?.size ?? 0) >= BYTES) return true
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    for (let n = 0; n < FILES; n += 1) writeOut(join(directory, String(n)))
    return true
  } catch {
    rmSync(directory, { recursive: true, force: true })
    return false
  }
}

/** A file that is only made long would take no room. */
function writeOut(path: string): void {
  const file = openSync(path, 'w', 0o600)
  try {
    for (let at = 0; at < BYTES; ) at += writeSync(file, Buffer.alloc(BYTES - at, 'room'))
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** Gives the reserve back to the disk. False: there was none. */
export function spendReserve(ledger: string): boolean {
  const directory = reserveOf(ledger)
  if (!existsSync(directory)) return false
  rmSync(directory, { recursive: true, force: true })
  return true
}

/**
 * Whether SQLite, or the system, had no room. For its shared memory and a file that it cannot make SQLite has codes of
 * their own (https://www.sqlite.org/rescode.html).
 */
export function saysFull(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown }
  return (
    typeof code === 'string' &&
    /^(ENOSPC|EDQUOT|SQLITE_FULL|SQLITE_IOERR_(WRITE|SHMSIZE|SHMOPEN|SHMMAP|FSYNC|TRUNCATE)|SQLITE_CANTOPEN)$/.test(
      code,
    )
  )
}
