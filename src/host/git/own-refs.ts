import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { git } from './git.ts'

/** How many milliseconds a git that may still be at work gets to give its lock back. */
const PATIENCE = 2_000

/**
 * Points refs below refs/worklane/ at objects, all or none, and brings them to the disk. Each has one writer, the
 * process that owns what it is for; so a lock that stays is of a git that was killed, and is removed. Git is started
 * at once, and waits where the refs are yet to come.
 * @throws Fault; whatever the refs end with
 */
export async function setOwnRefs(
  gitDir: string,
  refs: ReadonlyMap<string, string> | Promise<ReadonlyMap<string, string>>,
): Promise<void> {
  if (!(refs instanceof Promise) && refs.size === 0) return
  if ((await update(gitDir, refs, [0, 128])) === 0) return void (await refs)
  const known = await refs
  const locks = [...known.keys()].map((ref) => join(gitDir, `${ref}.lock`)).filter((lock) => existsSync(lock))
  for (let waited = 0; waited < PATIENCE && locks.some((lock) => existsSync(lock)); waited += 50)
    await wait(50)
  await Promise.all(locks.map(async (lock) => await rm(lock, { force: true })))
  await update(gitDir, known, [0])
}

async function update(
  gitDir: string,
  refs: ReadonlyMap<string, string> | Promise<ReadonlyMap<string, string>>,
  answers: readonly number[],
): Promise<number> {
  const lines = (known: ReadonlyMap<string, string>): string =>
    [...known].map(([ref, oid]) => `update ${ref} ${oid}\n`).join('')
  const { exitCode } = await git({ gitDir }, ['update-ref', '--no-deref', '--stdin'], {
    // Of refs that never come it sees an empty input, and changes nothing.
    input: refs instanceof Promise ? refs.then(lines) : lines(refs),
    config: ['core.fsync=all'],
    writes: true,
    answers,
  })
  return exitCode
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
