import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, normalize } from 'node:path'
import { execa } from 'execa'
import { isRefusal } from '../../board/refusal.ts'
import { changesSetUp } from '../../board/verify-setup.ts'
import { addParents, rawPath } from '../../host/archive/paths.ts'
import { Fault } from '../../host/fault.ts'
import { deleteEach, deleteForGood } from '../../host/files/discard.ts'
import { seedIgnored } from '../../host/files/seed.ts'
import { addedSince, type TreeMarks, treeMarks } from '../../host/files/tree-marks.ts'
import { diskPath } from '../../host/git/path-bytes.ts'
import { branchTip, contains } from '../../host/git/refs.ts'
import { treeDiff, treePaths } from '../../host/git/tree-diff.ts'
import { prepareVerifyCheckout } from '../../host/git/verify-checkout.ts'
import type { Walls } from '../../host/sandbox/walls.ts'
import { baseBranch } from '../base.ts'
import { mainCheckout } from '../main-checkout.ts'
import { hasWalls, wallsOfVerify } from '../sandbox.ts'
import type { World } from '../world.ts'

/** Runs the set-up command in the slot; a sentence when it failed. */
export type SetUp = (command: string) => Promise<string | null>

/** What a slot was when its set-up had ended, which is what every verify run finds. */
interface Ready {
  /** That the set-up ran on. */
  readonly commit: string
  readonly setup: string | null
  /** Of what lies beside the commit's own files. */
  readonly marks: TreeMarks
}

/**
 * Puts a slot at the commit, with what the set-up made and nothing that an earlier verify run left: not in the checkout,
 * not in HOME, not in /tmp. What a run adds is deleted; where it changed or deleted what it found, all is made anew.
 * Nothing may be running in the slot. A sentence when the set-up failed.
 */
export async function prepareSlot(
  world: World,
  commit: string,
  { slot, setUp, signal }: { readonly slot: string; readonly setUp: SetUp; readonly signal: AbortSignal },
): Promise<string | null> {
  const setup = world.settings.landing.setup ?? world.settings.lanes.setup
  const ready = await readReady(slot)
  const serves =
    ready !== null &&
    ready.setup === setup &&
    (setup === null || (await isMadeFor(world, ready.commit, { commit, setup }))) &&
    !(await putAt(world, slot, commit)) &&
    (await isRestored(world, slot, { ready, commit }))
  if (!serves) {
    const problem = await makeAnew(world, commit, { slot, setUp, setup })
    if (problem !== null) return problem
    await putAt(world, slot, commit)
  }
  await freshHome(slot, signal)
  return null
}

/** Where the set-up ran code of an agent whose work is not part of this commit, it says nothing about this one. */
async function isMadeFor(
  world: World,
  made: string,
  { commit, setup }: { readonly commit: string; readonly setup: string },
): Promise<boolean> {
  if (made === commit) return true
  const place = { gitDir: world.repository.commonDir }
  // Git may have cleared away what never landed.
  const isPart = await contains(place, commit, made).catch(() => false)
  return isPart && !changesSetUp(await treeDiff(world.repository, made, commit), setup)
}

/** Base, which has landed, where the commit depends on the same things: then what is made serves all that is alike. */
async function setUpAt(world: World, commit: string, setup: string): Promise<string> {
  const name = await baseBranch(world)
  const base = isRefusal(name) ? null : await branchTip({ gitDir: world.repository.commonDir }, name)
  return base !== null && (await isMadeFor(world, base, { commit, setup })) ? base : commit
}

async function makeAnew(
  world: World,
  commit: string,
  { slot, setUp, setup }: { readonly slot: string; readonly setUp: SetUp; readonly setup: string | null },
): Promise<string | null> {
  await deleteForGood([`${slot}.ready`, slot, `${slot}.git`, `${slot}.room`, `${slot}.home`, `${slot}.tmp`])
  const at = setup === null ? commit : await setUpAt(world, commit, setup)
  await putAt(world, slot, at)
  await seed(world, slot)
  const problem = setup === null ? null : await setUp(setup)
  if (problem !== null) return problem
  await mkdir(join(`${slot}.room`, 'home'), { recursive: true })
  await rename(join(`${slot}.room`, 'home'), `${slot}.home`)
  const marks = await marksOf(world, slot, at)
  // Each time anew, then.
  if (marks !== null) await writeReady(slot, { commit: at, setup, marks })
  return null
}

/** Whether the checkout had to be made anew. */
async function putAt(world: World, slot: string, commit: string): Promise<boolean> {
  const walls = await wallsOfGit(world, slot)
  const { commonDir } = world.repository
  const place = { commonDir, directory: slot, commit, keepsOthers: true }
  return (await prepareVerifyCheckout({ ...place, ...(walls === undefined ? {} : { walls }) })).fresh
}

async function wallsOfGit(world: World, slot: string): Promise<Walls | undefined> {
  return (await hasWalls(world)) ? await wallsOfVerify(world, slot, { git: true }) : undefined
}

async function seed(world: World, slot: string): Promise<void> {
  const walls = await wallsOfGit(world, slot)
  const from = mainCheckout(world)
  await seedIgnored({ from, to: { gitDir: join(slot, '.git'), workTree: slot }, ...world.settings.lanes })
  if (walls?.uid != null)
    await execa('chown', ['-R', '-h', '--from', `${process.getuid?.()}`, `${walls.uid}:${walls.uid}`, slot], {
      cwd: '/',
    })
}

/** Of what is neither the commit's nor kept. Null: it cannot be said. */
async function marksOf(
  { repository, settings }: World,
  slot: string,
  commit: string,
): Promise<TreeMarks | null> {
  const files = new Set(await treePaths(repository, commit))
  const kept = new Set(settings.landing.keep.map(plain))
  const shared = new Set<string>()
  for (const path of [...files, ...kept]) addParents(path, shared)
  return await treeMarks(slot, (path, isDirectory) => {
    if (path === '.git' || kept.has(path)) return 'out'
    // A directory in the place of a file, or of a submodule, is none of the commit's.
    if (isDirectory) return shared.has(path) ? 'shared' : 'counts'
    return files.has(path) ? 'out' : 'counts'
  })
}

/** As names are on disk: bytes, without `./` and a slash at the end. */
function plain(path: string): string {
  return rawPath(normalize(path).replace(/\/$/, ''))
}

/** Deletes what has come since; false: that is not enough. */
async function isRestored(
  world: World,
  slot: string,
  { ready, commit }: { readonly ready: Ready; readonly commit: string },
): Promise<boolean> {
  const now = await marksOf(world, slot, commit)
  const added = now === null ? null : addedSince(ready.marks, now)
  if (added === null) return false
  return await deleteEach(added.map((path) => diskPath(slot, path)))
}

/** Milliseconds. */
const COPY = 10 * 60_000

/** As the set-up left it, and an empty /tmp. */
async function freshHome(slot: string, signal: AbortSignal): Promise<void> {
  const room = `${slot}.room`
  await deleteForGood([join(room, 'home'), join(room, 'tmp'), `${slot}.tmp`])
  await mkdir(room, { recursive: true, mode: 0o700 })
  const options = { cwd: '/', reject: false, timeout: COPY, cancelSignal: signal } as const
  const copy = await execa('cp', ['-a', `${slot}.home`, join(room, 'home')], options)
  if (copy.exitCode === 0) return
  // Else it would be found like this each time.
  if (!signal.aborted) await rm(`${slot}.ready`, { force: true })
  throw new Fault(`HOME of the verify checkout cannot be copied: ${copy.stderr.slice(0, 200)}`, {
    retry: 'later',
  })
}

async function readReady(slot: string): Promise<Ready | null> {
  try {
    const { marks, ...ready } = JSON.parse(await readFile(`${slot}.ready`, 'utf8'))
    return { ...ready, marks: new Map(marks) }
  } catch {
    // Not there yet, or an older version's, which is a name of a commit.
    return null
  }
}

async function writeReady(slot: string, { marks, ...ready }: Ready): Promise<void> {
  await writeFile(`${slot}.ready.new`, JSON.stringify({ ...ready, marks: [...marks] }), { mode: 0o600 })
  await rename(`${slot}.ready.new`, `${slot}.ready`)
}
