import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { disagreements, listLanes, lookAtLanes } from '../fixtures/lane-views.ts'
import { processesWith } from '../fixtures/marked-processes.ts'
import { demand } from '../fixtures/product.ts'
import { applyToBase } from '../fixtures/real-history/apply-to-base.ts'
import { allEvents, type Ending, endingsOf, mostAtOnce } from '../fixtures/real-history/endings.ts'
import { madeUpRepository } from '../fixtures/real-history/made-up.ts'
import { type Picked, type PickedChange, pickChanges } from '../fixtures/real-history/pick-changes.ts'
import { lineOf } from '../fixtures/real-history/plumbing.ts'
import { mergeInOrder } from '../fixtures/real-history/reference.ts'
import { landAfterReview, landAsTheyCome, type Told } from '../fixtures/real-history/run-changes.ts'
import { type WorkClone, workClone } from '../fixtures/real-history/work-clone.ts'
import { duration, type Figures, type Proof, type Report } from './proof.ts'
import { publicName } from './public-name.ts'

interface Size {
  readonly [name: string]: number
  readonly changes: number
  readonly lanes: number
  /** Stretches of history, each with changes and a base of its own. */
  readonly windows: number
  /** Files that the repository must have, or that a made-up one gets. */
  readonly files: number
}

/** Either all lanes start from one base (tasks wait for a review meanwhile), or each from what has landed by then. */
type Way = 'from one base' | 'while others land'
const WAYS: readonly Way[] = ['from one base', 'while others land']

interface Run {
  readonly base: string
  readonly whole: number
  readonly landed: number
  readonly conflicts: readonly (readonly [change: string, files: readonly string[]])[]
  readonly atOnce: number
  readonly took: number
}

export const realHistory: Proof<Size> = {
  name: 'real-history',
  line: 'A public repository and 24 of its real past changes as tasks, from one base, each applied by a small program in its lane (three commits each), 12 lanes at once: every change either lands or is reported as a conflict with the files; the tree after the conflict-free ones equals the reference merge; `git fsck` clean.',
  sample: { changes: 6, lanes: 4, windows: 1, files: 24 },
  full: { changes: 24, lanes: 12, windows: 3, files: 3000 },
  needsRepository: true,
  async run(size, report): Promise<Figures> {
    if (report.repository !== undefined) return await prove(size, report, report.repository)
    using source = madeUpRepository(size.files, 5 * size.changes * size.windows, report.seed)
    return await prove(size, report, source.root)
  },
}

async function prove(size: Size, report: Report, source: string): Promise<Figures> {
  const tip = lineOf(source, 'rev-parse', 'HEAD')
  const files = lineOf(source, 'ls-tree', '-r', '--name-only', 'HEAD').split('\n').length
  if (report.repository !== undefined)
    assert.ok(files >= size.files, `The repository has ${files} files; it takes ${size.files}.`)
  const runs: Record<Way, Run[]> = { 'from one base': [], 'while others land': [] }
  for (let n = 1; n <= size.windows; n += 1)
    for (const way of WAYS)
      runs[way].push(
        await report.once(
          `${way}, window ${n} of ${tip}`,
          async () => await oneRun(size, report, source, n, way),
        ),
      )
  const one = runs['from one base']
  return {
    repository: report.repository === undefined ? 'made up from the seed' : publicName(source),
    'its newest commit, and its files': `${tip}, ${files}`,
    'bases (the parent of the oldest change of each window)': one
      .map(({ base }) => base.slice(0, 12))
      .join(', '),
    'real changes, drawn by the seed; all of them made tasks in both ways below': size.changes * size.windows,
    'of them with files taken whole, where the patch does not apply to the older base': sum(one, 'whole'),
    'most agents at work at the same moment': Math.max(
      ...Object.values(runs)
        .flat()
        .map(({ atOnce }) => atOnce),
    ),
    ...Object.assign({}, ...WAYS.map((way) => figures(way, runs[way], size))),
    '`git fsck --full`': 'clean',
    'lanes, branches, locks and processes left but those of unfinished tasks': 0,
  }
}

function sum(runs: readonly Run[], of: 'whole' | 'landed'): number {
  return runs.reduce((total, run) => total + run[of], 0)
}

function figures(way: Way, runs: readonly Run[], { changes, windows }: Size): Figures {
  const conflicts = runs.flatMap((run) => run.conflicts)
  const all = changes * windows
  return {
    [`${way}: landed`]: `${sum(runs, 'landed')} of ${all}`,
    [`${way}: reported as a conflict, with its files`]: `${conflicts.length} of ${all}`,
    [`${way}: plain \`git merge\` in the same order says the same, with the same files and the same tree`]: `${all} of ${all}`,
    [`${way}: main equals the reference`]: `${windows} of ${windows}`,
    [`${way}: one run took`]: runs.map(({ took }) => duration(took)).join(', '),
    ...Object.fromEntries(
      conflicts.map(([change, files]) => [`${way}: conflict of ${cell(change)}`, shortList(files)]),
    ),
  }
}

function shortList(files: readonly string[]): string {
  const more = files.length > 4 ? ` and ${files.length - 4} more` : ''
  return `${files.slice(0, 4).map(cell).join(', ')}${more}`
}

function cell(text: string): string {
  return text.replaceAll('|', '/').replaceAll('`', "'")
}

async function oneRun(size: Size, report: Report, source: string, window: number, way: Way): Promise<Run> {
  using clone = workClone(source)
  const { worklane } = report
  const { base, changes } = pickChanges(clone.root, clone.tip, { ...size, window, seed: report.seed })
  clone.begin(base)
  const mark = `WORKLANE_PROOF=${randomUUID()}`
  const land = way === 'from one base' ? landAfterReview : landAsTheyCome
  const told = await land(worklane, clone.root, changes, { lanes: size.lanes, mark })
  const events = await allEvents(worklane, clone.root)
  const endings = endingsOf(events)
  checkReports(told, endings, size.changes)
  checkResults(clone, endings, changes, way === 'from one base' ? base : null)
  checkReference(clone, base, endings)
  await checkTidy(worklane, clone, told, mark)
  report.say(
    `${way}, window ${window}: ${told.landed.length} of ${size.changes} landed, in ${duration(told.took)}`,
  )
  return {
    base,
    whole: changes.filter(({ whole }) => whole.length > 0).length,
    landed: told.landed.length,
    conflicts: told.conflicted.map(({ task, files }) => [nameOf(changes[task - 1]), files] as const),
    atOnce: mostAtOnce(events),
    took: told.took,
  }
}

function nameOf(change: PickedChange | undefined): string {
  return `${change?.commit.slice(0, 9)} ${change?.subject}`
}

/** Every task landed or is reported as a conflict whose files are named, as the ledger has it. */
function checkReports({ landed, conflicted }: Told, endings: readonly Ending[], changes: number): void {
  const all = endings.map(({ task }) => task).sort((a, b) => a - b)
  assert.deepEqual(
    all,
    Array.from({ length: changes }, (_, at) => at + 1),
  )
  const told = [
    ...landed.map((task) => ({ task, files: [] })),
    ...conflicted.map(({ task, files }) => ({ task, files: [...files].sort() })),
  ]
  assert.deepEqual(
    told.sort((a, b) => a.task - b.task),
    endings.map(({ task, files }) => ({ task, files })).sort((a, b) => a.task - b.task),
  )
  for (const { task, files } of conflicted) assert.ok(files.length > 0, `task ${task} names no file`)
}

/** What each lane handed in is its change on its base and nothing else, in three commits. */
function checkResults(
  { root }: WorkClone,
  endings: readonly Ending[],
  changes: Picked['changes'],
  base: string | null,
): void {
  for (const { task, result } of endings) {
    const change = changes[task - 1]
    const start = lineOf(root, 'rev-parse', `${result}~3`)
    if (base !== null) assert.equal(start, base)
    else
      assert.ok(lineOf(root, 'rev-list', '--first-parent', 'main').includes(start), `task ${task}: its start`)
    assert.equal(lineOf(root, 'rev-list', '--count', `${start}..${result}`), '3')
    const expected = base === null ? applyToBase(root, start, change?.commit ?? '').tree : change?.tree
    assert.equal(lineOf(root, 'rev-parse', `${result}^{tree}`), expected, `task ${task}: ${nameOf(change)}`)
  }
}

/** Plain git, merging the same results in the same order, says the same at every step. */
function checkReference({ root }: WorkClone, base: string, endings: readonly Ending[]): void {
  const treeOf = (commit: string): string => lineOf(root, 'rev-parse', `${commit}^{tree}`)
  const steps = mergeInOrder(
    root,
    base,
    endings.map(({ result }) => result),
  )
  for (const [at, { landed, files, task }] of endings.entries()) {
    assert.deepEqual(files, steps[at]?.conflicts, `task ${task}`)
    if (landed !== null) assert.equal(treeOf(landed), steps[at]?.tree, `task ${task}`)
  }
  assert.equal(treeOf('refs/heads/main'), steps.at(-1)?.tree)
}

/** Only what belongs to unfinished tasks is left, and the repository is whole. */
async function checkTidy(
  worklane: string,
  { root }: WorkClone,
  { conflicted }: Told,
  mark: string,
): Promise<void> {
  assert.deepEqual(processesWith(mark), [])
  assert.equal(lineOf(root, 'status', '--porcelain'), '')
  assert.deepEqual(disagreements(await lookAtLanes(worklane, root)), [])
  const unfinished = conflicted.map(({ task }) => task)
  const lanes = await listLanes(worklane, root)
  assert.deepEqual(lanes.map(({ task }) => task).sort(), [...unfinished].sort())
  const branches = lineOf(root, 'for-each-ref', '--format=%(refname:lstrip=2)', 'refs/heads').split('\n')
  assert.deepEqual(branches.sort(), ['main', ...lanes.map(({ branch }) => branch)].sort())
  const paths = readdirSync(join(root, '.git'), { recursive: true, encoding: 'utf8' })
  assert.deepEqual(
    paths.filter((path) => path.endsWith('.lock')),
    [],
  )
  assert.deepEqual((await demand<{ findings: unknown[] }>(worklane, root, 'doctor')).findings, [])
  assert.equal(lineOf(root, 'fsck', '--full', '--no-dangling', '--no-progress'), '')
}
