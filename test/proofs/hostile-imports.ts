import assert from 'node:assert/strict'
import { landRenames, manyFiles, ONE_FILE, TREE_BOMBS } from '../fixtures/hostile-imports/bombs.ts'
import { AROUND, PLACES, REFS } from '../fixtures/hostile-imports/directory.ts'
import { COMMITS, FILES } from '../fixtures/hostile-imports/objects-broken.ts'
import type { Hostile } from '../fixtures/hostile-imports/plant.ts'
import { makeScene, type Played, type Scene } from '../fixtures/hostile-imports/scene.ts'
import { CONFIGS } from '../fixtures/hostile-imports/settings.ts'
import { TREES } from '../fixtures/hostile-imports/trees.ts'
import { duration, type Figures, type Proof, type Report, randomNumbers } from './proof.ts'

interface Size {
  readonly [name: string]: number
  /** Hostile lanes; six of ten are trees. */
  readonly cases: number
  readonly bombs: number
  /** Renamed files of a landing; 0: none, and no gigabyte either. */
  readonly renames: number
}

interface Told extends Played {
  readonly kind: string
  readonly ends: Hostile['ends']
  /** In a pack of our own making, in place of one by git. */
  readonly byHand: boolean
}

const ROUND = 25
/** Milliseconds; bytes. */
const LONGEST = 20_000
const LONGEST_GIGABYTE = 60_000
const MOST_MEMORY = 50_000_000
/** Just below what one file may have in the fixture. */
const LARGE = 9_900_000

export const hostileImports: Proof<Size> = {
  name: 'hostile-imports',
  line: 'Hostile trees, bombs, FIFOs and corrupt objects in what an agent leaves in git: none is taken in, none changes the repository, none hangs the import or fills our memory; the honest commit beside each would be.',
  sample: { cases: 8, bombs: 1, renames: 0 },
  full: { cases: 1000, bombs: 6, renames: 6000 },
  async run({ cases, bombs, renames }, report): Promise<Figures> {
    const all: Told[] = []
    const drawn = draw(cases, report.seed)
    for (let at = 0; at < drawn.length; at += ROUND) {
      const some = drawn.slice(at, at + ROUND)
      all.push(...(await report.once(`from ${at}`, async () => await playAll(some, report.seed + at))))
      report.say(
        `${all.length} of ${cases}, slowest ${duration(Math.max(...all.map((one) => one.milliseconds)))}`,
      )
    }
    const exploded: Told[] = []
    for (const bomb of TREE_BOMBS.slice(0, bombs))
      exploded.push(...(await report.once(bomb.kind, async () => await playAll([bomb], report.seed))))
    const large = renames === 0 ? [] : [await gigabyte(report), await legitimate(report)]
    const landing = renames === 0 ? {} : await landRenamed(report, renames)
    check([...all, ...exploded, ...large])
    return { ...figures(all), ...bombFigures([...exploded, ...large]), ...landing }
  },
}

/** Trees six of ten times; the rest in turn, so that every kind comes up. */
function draw(count: number, seed: number): readonly Hostile[] {
  const random = randomNumbers(seed)
  const others = [...COMMITS, ...FILES, ...PLACES, ...AROUND, ...REFS, ...CONFIGS]
  const shuffled = others
    .map((one) => ({ one, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ one }) => one)
  let next = 0
  return Array.from({ length: count }, (_, n) => {
    const isTree = n % 10 < 6
    const from = isTree ? TREES : shuffled
    const at = isTree ? Math.floor(random() * from.length) : next++ % from.length
    const chosen = from[at]
    assert.ok(chosen)
    return chosen
  })
}

async function playAll(some: readonly Hostile[], seed: number): Promise<Told[]> {
  using scene = await makeScene()
  const random = randomNumbers(seed)
  await scene.honest()
  const nothing: Hostile = { kind: 'nothing', ends: 'harmless', plant: () => undefined }
  assert.equal((await scene.handOver(nothing, random)).ended, 'harmless')
  const told: Told[] = []
  for (const one of some) told.push(await playOne(scene, one, random))
  await scene.honest()
  scene.check()
  return told
}

async function playOne(scene: Scene, hostile: Hostile, random: () => number): Promise<Told> {
  try {
    const byHand = hostile.inObjects === true && random() < 0.5
    const played = await (byHand ? scene.handOver : scene.play)(hostile, random)
    return { kind: hostile.kind, ends: hostile.ends, byHand, ...played }
  } catch (error) {
    throw new Error(`${hostile.kind}: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
}

async function gigabyte(report: Report): Promise<Told> {
  const kind = 'bomb: 1 GiB of zeros in a file'
  const plant: Hostile = { kind, ends: 'refused', plant: () => undefined }
  return await report.once(kind, async () => await playMade(plant, ONE_FILE))
}

async function legitimate(report: Report): Promise<Told> {
  const kind = 'legitimate: 1 GiB of zeros in files below the limit'
  return await report.once(kind, async () => {
    const plant: Hostile = { kind, ends: 'harmless', plant: () => undefined }
    const told = await playMade(plant, manyFiles(LARGE))
    assert.notEqual(told.ended, 'refused', told.why)
    return { ...told, ended: 'harmless' }
  })
}

/** The lane makes it by git inside, in place of the scene's own honest commit. */
async function playMade(hostile: Hostile, script: string): Promise<Told> {
  using scene = await makeScene(script)
  return await playOne(scene, hostile, randomNumbers(1))
}

async function landRenamed(report: Report, renames: number): Promise<Figures> {
  const milliseconds = await report.once('renames', async () => await landRenames(report.worklane, renames))
  assert.ok(milliseconds < LONGEST, `${renames} renames take ${duration(milliseconds)} to land`)
  return { [`bomb: landing of ${renames} renamed and changed files`]: `landed in ${duration(milliseconds)}` }
}

function check(all: readonly Told[]): void {
  const gotIn = all.filter(({ ended }) => ended === 'got in').map(({ kind, why }) => `${kind}: ${why}`)
  assert.deepEqual(gotIn, [])
  for (const { kind, milliseconds, bytes } of all) {
    const longest = kind.startsWith('legitimate') ? LONGEST_GIGABYTE : LONGEST
    assert.ok(milliseconds < longest, `${kind}: ${duration(milliseconds)}`)
    assert.ok(bytes < MOST_MEMORY, `${kind}: ${bytes} bytes`)
  }
}

function figures(all: readonly Told[]): Figures {
  const count = (has: (one: Told) => boolean): number => all.filter(has).length
  const kinds = new Set(all.map(({ kind }) => kind))
  const harmless = [...new Set(all.filter(({ ended }) => ended === 'harmless').map(({ kind }) => kind))]
  return {
    'hostile lanes': all.length,
    'kinds of them': kinds.size,
    'of them with hostile trees': count(({ kind }) => TREES.some((tree) => tree.kind === kind)),
    'of them in a pack made by hand, past git inside': count(({ byHand }) => byHand),
    'taken in, or the repository changed, or something ran outside': count(({ ended }) => ended === 'got in'),
    'refused, the repository as before': count(({ ended }) => ended === 'refused'),
    'harmless: the honest commit taken in, and that alone': count(({ ended }) => ended === 'harmless'),
    'harmless kinds': harmless.sort().join('; ') || 'none',
    'code of the lane that ran inside its walls while it was taken in': count(({ ranInside }) => ranInside),
    'longest import': duration(Math.max(...all.map(({ milliseconds }) => milliseconds))),
    'most growth of our memory during one': megabytes(Math.max(...all.map(({ bytes }) => bytes))),
  }
}

function bombFigures(all: readonly Told[]): Figures {
  return Object.fromEntries(
    all.map(({ kind, ended, milliseconds, bytes }) => [
      kind,
      `${ended === 'harmless' ? 'taken in' : ended}, ${duration(milliseconds)}, ${megabytes(bytes)}`,
    ]),
  )
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`
}
