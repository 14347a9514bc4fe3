import { existsSync } from 'node:fs'
import { lstat, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { isRefusal, refuse } from '../board/refusal.ts'
import { removeLane } from '../engine/lanes/remove.ts'
import { emptyTrash } from '../engine/lanes/trash.ts'
import { lanesDirectory } from '../engine/lanes-place.ts'
import { repair } from '../engine/repair.ts'
import { withoutOurs } from '../engine/repository.ts'
import { take } from '../engine/session.ts'
import { refuseWhileOpen } from '../engine/visits.ts'
import type { World } from '../engine/world.ts'
import { READ_WITHOUT_WORKLANE } from '../host/archive/readme.ts'
import { deleteInReach, mountIn } from '../host/files/discard.ts'
import { deleteOwnRef } from '../host/git/own-refs.ts'
import { refsUnder } from '../host/git/refs.ts'
import { removeFence } from '../host/git/worktree.ts'
import { condemnLane, countArchives, standingLanes } from '../ledger/lanes.ts'
import { transact } from '../ledger/transact.ts'
import { operation } from './operation.ts'

export default operation({
  summary: 'Take Worklane out of the repository; work is archived first',
  examples: ['worklane uninstall'],
  input: z.object({}),
  async run({ world }) {
    const { home } = world.repository
    if (!(await lstat(home)).isDirectory() || mountIn(home) !== null)
      return refuse(
        'not-only-ours',
        `${home} leads to a directory of others.`,
        'Take the link or the mount away first; Worklane deletes only what it made.',
      )
    await repair(world)
    if (!((await take(world, 'engine')) && (await take(world, 'landing'))))
      return refuse('engine-running', 'Worklane works on this repository.', 'Stop it first: worklane stop')
    const standing = await standingLanes(world.ledger.db)
    for (const lane of standing) {
      const open = await refuseWhileOpen(world, lane)
      if (open !== null) return open
    }
    for (const lane of standing) {
      const condemned = await transact(
        world.ledger,
        world.actor,
        async (tx) => await condemnLane(tx, lane, 'uninstalled'),
      )
      const removed = isRefusal(condemned) ? condemned : await removeLane(world, condemned)
      if (isRefusal(removed)) return removed
    }
    await dropOwnRefs(world)
    const archives = await countArchives(world.ledger.db)
    await world.ledger.close()
    await clearRepository(world)
    if (archives > 0) return { archives, kept: await keepArchives(world) }
    await deleteInReach(world.repository.home)
    return { archives, kept: null }
  },
})

/** Refs of landings and reverts; those of archives stay with them. */
async function dropOwnRefs(world: World): Promise<void> {
  const place = { gitDir: world.repository.commonDir }
  for (const ref of await refsUnder(place, ['refs/worklane/landing', 'refs/worklane/revert']))
    await deleteOwnRef(place.gitDir, ref)
}

async function clearRepository(world: World): Promise<void> {
  const { commonDir, home } = world.repository
  const lanes = lanesDirectory(world)
  await emptyTrash(world)
  await removeFence(lanes)
  await rmdir(lanes).catch(() => undefined)
  // Step by step: what is above them may have become a link to a directory of others.
  await rm(join(commonDir, 'worktrees', 'worklane', 'locked'), { force: true })
  await rmdir(join(commonDir, 'worktrees', 'worklane')).catch(() => undefined)
  await rmdir(join(commonDir, 'worktrees')).catch(() => undefined)
  const exclude = join(commonDir, 'info', 'exclude')
  const text = await readFile(exclude, 'utf8').catch(() => '')
  const rest = withoutOurs(text)
  if (rest !== text) await writeFile(exclude, rest)
  for (const name of await readdir(home))
    if (name !== 'archive' && !name.startsWith('ledger.db')) await deleteInReach(join(home, name))
}

/** Archives stay, with the ledger that describes them, under a name that says what they are. */
async function keepArchives(world: World): Promise<string> {
  const { commonDir, home } = world.repository
  for (let n = 1; ; n += 1) {
    const kept = join(commonDir, n === 1 ? 'worklane-archive' : `worklane-archive-${n}`)
    if (existsSync(kept)) continue
    await rename(home, kept)
    await writeFile(join(kept, 'README.md'), READ_WITHOUT_WORKLANE)
    return kept
  }
}
