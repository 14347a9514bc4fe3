import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { git } from './git.ts'

/** How many milliseconds a git that may still be at work gets to give its lock back. */
const PATIENCE = 2_000

/**
 * Points refs below refs/worklane/ at objects, all or none, and brings them to the disk. Each has one writer, the
 * process that owns what it is for; so a lock that stays is of a git that was killed, and is removed.
 * @throws Fault
 */
export async function setOwnRefs(gitDir: string, refs: ReadonlyMap<string, string>): Promise<void> {
  const update = async (answers: readonly number[]): Promise<number> =>
    (
      await git({ gitDir }, ['update-ref', '--no-deref', '--stdin'], {
        input: [...refs].map(([ref, oid]) => `update ${ref} ${oid}\n`).join(''),
        config: ['core.fsync=all'],
        writes: true,
        answers,
      })
    ).exitCode
  if (refs.size === 0 || (await update([0, 128])) === 0) return
  const locks = [...refs.keys()].map((ref) => join(gitDir, `${ref}.lock`)).filter((lock) => existsSync(lock))
  for (let waited = 0; waited < PATIENCE && locks.some((lock) => existsSync(lock)); waited += 50)
    await wait(50)
  await Promise.all(locks.map(async (lock) => await rm(lock, { force: true })))
  await update([0])
}

/** Deletes refs of ours, each while it names what it named. */
export async function deleteOwnRefs(
  gitDir: string,
  refs: readonly { readonly ref: string; readonly oid: string }[],
): Promise<void> {
  if (refs.length === 0) return
  const input = refs.map(({ ref, oid }) => `delete ${ref} ${oid}\n`).join('')
  await git({ gitDir }, ['update-ref', '--no-deref', '--stdin'], {
    input,
    writes: true,
    answers: [0, 1, 128],
  })
}

/** Deletes one of our own refs, wherever it is. */
export async function deleteOwnRef(gitDir: string, ref: string): Promise<void> {
  await git({ gitDir }, ['update-ref', '-d', ref], { answers: [0, 1, 128], writes: true })
}
