import { execFileSync, spawnSync } from 'node:child_process'
import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Matrix, type Placed, type Side } from '../src/engine/radar/matrix.ts'
import { openRadarStore, type RadarStore } from '../src/host/git/radar-store.ts'
import { type Snapshot, snapshotLane } from '../src/host/git/snapshot-lane.ts'
import { randomNumbers } from '../test/proofs/proof.ts'
import type { Size } from './lanes.ts'
import { type Comparison, compare } from './pairs.ts'

const LANES = 48
/** Full matrices to take the median of; the other side starts 1,128 processes for each. */
const ROUNDS = 3
const ROWS = 15

/** Lanes from one base compared with each other, against one `git merge-tree` process a pair; the answers must agree. */
export async function radarOfLanes(root: string, { pairs }: Size): Promise<Comparison[]> {
  const commonDir = join(root, '.git')
  const base = git(root, 'rev-parse', 'HEAD')
  const sides = lanesIn(root, base)
  const store = await openRadarStore(commonDir, join(commonDir, 'worklane', 'radar'))
  const rounds = Math.min(pairs, ROUNDS)
  const whole = { ours: [] as number[], theirs: [] as number[] }
  for (let round = 0; round < rounds; round += 1) {
    const matrix = new Matrix(commonDir, store)
    const cells = await timed(whole.ours, async () => await matrix.update(sides))
    const answers = await timed(whole.theirs, async () => onePerPair(root, sides))
    refuseDifferences(cells, answers)
  }
  const { row, edit } = await rows(root, store, sides, Math.min(pairs, ROWS))
  const against = '`git merge-tree` for each pair'
  return [
    compare({ what: `matrix of ${LANES} lanes`, against }, whole, { factor: 0.2 }),
    compare({ what: `one lane against ${LANES - 1}`, against }, row, { factor: 0, more: 150 }),
    compare({ what: 'the same, snapshot of an edit included', against }, edit, { factor: 0, more: 400 }),
  ]
}

type Times = { readonly ours: number[]; readonly theirs: number[] }

/** A lane that changes again and again, compared with all others, which do not. */
async function rows(
  root: string,
  store: RadarStore,
  sides: readonly Side[],
  rounds: number,
): Promise<{ readonly row: Times; readonly edit: Times }> {
  const [row, edit]: [Times, Times] = [
    { ours: [], theirs: [] },
    { ours: [], theirs: [] },
  ]
  const [first, ...others] = sides
  if (first === undefined) throw new Error('there are no lanes')
  const lane = `${root}-lane`
  git(root, 'worktree', 'add', '-q', '--detach', lane, first.commit)
  const matrix = new Matrix(join(root, '.git'), store)
  await matrix.update(sides)
  const touched = git(root, 'diff', '--name-only', first.base, first.commit).split('\n')
  let snapshot: Snapshot | null = null
  for (let round = 0; round < rounds; round += 1) {
    appendFileSync(join(lane, touched[round % touched.length] ?? ''), `edit ${round}\n`)
    const taken: number[] = []
    const before: Snapshot | null = snapshot
    snapshot = await timed(taken, async () => await takeSnapshot(root, lane, store, first, before))
    const now = { ...first, commit: snapshot.commit }
    const cells = await timed(row.ours, async () => await matrix.update([now, ...others]))
    const answers = await timed(row.theirs, async () => onePerPair(root, [now, ...others], 1, store.objects))
    edit.ours.push((taken[0] ?? 0) + (row.ours.at(-1) ?? 0))
    edit.theirs.push((taken[0] ?? 0) + (row.theirs.at(-1) ?? 0))
    refuseDifferences(
      cells.filter(({ tasks }) => tasks.includes(first.taskId)),
      answers,
    )
  }
  git(root, 'worktree', 'remove', '--force', lane)
  return { row, edit }
}

async function takeSnapshot(
  root: string,
  lane: string,
  store: RadarStore,
  { commit }: Side,
  before: Snapshot | null,
): Promise<Snapshot> {
  const commonDir = join(root, '.git')
  const admin = readFileSync(join(lane, '.git'), 'utf8')
    .replace(/^gitdir: /, '')
    .trim()
  return await snapshotLane({
    ...{ store, place: { gitDir: admin, workTree: lane }, objects: join(commonDir, 'objects'), commonDir },
    ...{ known: [commit], largestFile: 100e6, ref: 'refs/worklane/radar/1', before, keep: '/nowhere' },
  })
}

/** One commit each: some files of its own, and some that others work on too. */
function lanesIn(root: string, base: string): Side[] {
  const random = randomNumbers(48)
  const files = git(root, 'ls-files')
    .split('\n')
    .filter((path) => /^[\w./-]+\.(txt|md|js|ts|jsx|css|rb|c|h|py)$/.test(path))
  const popular = files.slice(0, 40)
  const pick = (from: readonly string[]): string => from[Math.floor(random() * from.length)] ?? ''
  const stream: string[] = []
  const date = Number(git(root, 'log', '-1', '--format=%ct', base))
  for (let lane = 1; lane <= LANES; lane += 1) {
    stream.push(
      `commit refs/bench/${lane}\ncommitter B <b@b> ${date + lane} +0000\ndata 1\nx\nfrom ${base}\n`,
    )
    const own = new Set(
      Array.from({ length: 1 + Math.floor(random() * 12) }, () => pick(random() < 0.2 ? popular : files)),
    )
    for (const path of own) {
      const lines = readFileSync(join(root, path), 'utf8').split('\n')
      lines[Math.floor(random() * (lines.length - 1))] = `changed by ${lane}: ${random()}`
      const text = lines.join('\n')
      stream.push(`M 100644 inline ${path}\ndata ${Buffer.byteLength(text)}\n${text}\n`)
    }
  }
  execFileSync('git', ['fast-import', '--quiet'], { cwd: root, input: stream.join('') })
  return Array.from({ length: LANES }, (_, at) => ({
    taskId: at + 1,
    commit: git(root, 'rev-parse', `refs/bench/${at + 1}`),
    base,
  }))
}

/** `1 2` → whether git finds a conflict; `rows` first sides against all behind them. */
function onePerPair(
  root: string,
  sides: readonly Side[],
  rows = sides.length,
  objects?: string,
): ReadonlyMap<string, boolean> {
  const env = objects === undefined ? process.env : { ...process.env, GIT_OBJECT_DIRECTORY: objects }
  const answers = new Map<string, boolean>()
  for (const [at, a] of sides.slice(0, rows).entries())
    for (const b of sides.slice(at + 1)) {
      const args = ['-c', 'merge.directoryRenames=false', 'merge-tree', '--write-tree', a.commit, b.commit]
      const { status } = spawnSync('git', args, { cwd: root, env, stdio: 'ignore' })
      if (status !== 0 && status !== 1) throw new Error(`git merge-tree exits with ${status}`)
      answers.set(`${a.taskId} ${b.taskId}`, status === 1)
    }
  return answers
}

function refuseDifferences(cells: readonly Placed[], answers: ReadonlyMap<string, boolean>): void {
  const ours = new Map(
    cells.filter(({ base }) => !base).map(({ tasks, cell }) => [tasks.join(' '), cell.kind === 'overlap']),
  )
  const different = [...answers]
    .filter(([pair, conflict]) => ours.get(pair) !== conflict)
    .map(([pair]) => pair)
  if (different.length > 0 || ours.size !== answers.size)
    throw new Error(`the radar and git do not agree on: ${different.join(', ')}`)
}

async function timed<T>(times: number[], work: () => Promise<T>): Promise<T> {
  const began = performance.now()
  const answer = await work()
  times.push(performance.now() - began)
  return answer
}

function git(root: string, ...args: string[]): string {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
}
