import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { disagreements, listLanes, lookAtLanes } from '../fixtures/lane-views.ts'
import { processesWith } from '../fixtures/marked-processes.ts'
import { demand } from '../fixtures/product.ts'
import { madeUpRepository } from '../fixtures/real-history/made-up.ts'
import { type Picked, type PickedChange, pickChanges } from '../fixtures/real-history/pick-changes.ts'
import { lineOf } from '../fixtures/real-history/plumbing.ts'
import { mergeInOrder } from '../fixtures/real-history/reference.ts'
import {
  type Ending,
  endingsOf,
  mostAtOnce,
  type RunAnswer,
  runChanges,
} from '../fixtures/real-history/run-changes.ts'
import { type WorkClone, workClone } from '../fixtures/real-history/work-clone.ts'
import { duration, type Figures, type Proof, type Report } from './proof.ts'

interface Size {
  readonly [name: string]: number
  readonly changes: number
  readonly lanes: number
  readonly windows: number
  /** Files that the repository must have, or that a made-up one gets. */
  readonly files: number
}

interface Window {
  readonly base: string
  readonly partly: number
  readonly landed: number
  readonly conflicts: readonly (readonly [subject: string, files: readonly string[]])[]
  readonly atOnce: number
  readonly milliseconds: number
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
  assert.ok(files >= size.files, `The repository has ${files} files; it takes ${size.files}.`)
  const windows: Window[] = []
  for (let n = 1; n <= size.windows; n += 1)
    windows.push(
      await report.once(`window ${n} of ${tip}`, async () => await oneWindow(size, report, source, n)),
    )
  const sum = (of: (window: Window) => number): number => windows.reduce((total, one) => total + of(one), 0)
  const all = size.changes * size.windows
  return {
    repository: report.repository === undefined ? 'made up from the seed' : publicName(source),
    'its newest commit, and its files': `${tip}, ${files}`,
    'bases (the parent of the oldest change of each window)': windows
      .map(({ base }) => base.slice(0, 12))
      .join(', '),
    'changes made tasks': `${all}; ${sum(({ partly }) => partly)} of them apply to the base only in part`,
    'most agents at work at the same moment': Math.max(...windows.map(({ atOnce }) => atOnce)),
    landed: `${sum(({ landed }) => landed)} of ${all}`,
    'reported as a conflict, with its files': `${sum(({ conflicts }) => conflicts.length)} of ${all}`,
    'merged by plain `git merge` in the same order: same verdict, same conflicting files, same tree after each step': `${all} of ${all}`,
    'tree of main equals the tree of the reference': `${size.windows} of ${size.windows}`,
    '`git fsck --full`': 'clean',
    'lanes, branches and processes left but those of unfinished tasks': 0,
    'one run took': windows.map(({ milliseconds }) => duration(milliseconds)).join(', '),
    ...Object.fromEntries(
      windows.flatMap(({ conflicts }) =>
        conflicts.map(([subject, paths]) => [`conflict: ${cell(subject)}`, paths.map(cell).join(', ')]),
      ),
    ),
  }
}

/** Where everybody finds it; the local path is nobody's business. */
function publicName(source: string): string {
  const url = lineOf(source, 'config', '--default', '', '--get', 'remote.origin.url')
  return /^https:\/\/[^@]+$/.test(url) ? url.replace(/\.git$/, '') : 'a local one'
}

function cell(text: string): string {
  return text.replaceAll('|', '/').replaceAll('`', "'")
}

async function oneWindow(size: Size, report: Report, source: string, window: number): Promise<Window> {
  using clone = workClone(source)
  const { base, changes } = pickChanges(clone.root, clone.tip, { ...size, window, seed: report.seed })
  clone.begin(base)
  const mark = `WORKLANE_PROOF=${randomUUID()}`
  const run = await runChanges(report.worklane, clone.root, changes, { lanes: size.lanes, mark })
  const endings = endingsOf(run.events)
  checkReports(run, endings, size.changes)
  checkResults(clone, endings, changes)
  checkReference(clone, base, endings)
  await checkTidy(report.worklane, clone, run, mark)
  const landed = endings.filter((ending) => ending.landed !== null).length
  report.say(`window ${window}: ${landed} of ${size.changes} landed, in ${duration(run.milliseconds)}`)
  return {
    base,
    landed,
    partly: changes.filter(({ kept }) => kept.length > 0).length,
    conflicts: endings.flatMap(({ task, landed: commit, files }) =>
      commit === null ? [[nameOf(changes[task - 1]), files] as const] : [],
    ),
    atOnce: mostAtOnce(run.events),
    milliseconds: run.milliseconds,
  }
}

function nameOf(change: PickedChange | undefined): string {
  return `${change?.commit.slice(0, 9)} ${change?.subject}`
}

/** Every task landed, or failed with a conflict whose files are named; nobody says anything else. */
function checkReports({ summary, exitCode }: RunAnswer, endings: readonly Ending[], changes: number): void {
  const ids = Array.from({ length: changes }, (_, at) => at + 1)
  const sorted = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b)
  assert.deepEqual(sorted(endings.map(({ task }) => task)), ids)
  const [landed, conflicted] = [
    endings.filter((one) => one.landed !== null),
    endings.filter((one) => one.landed === null),
  ]
  assert.deepEqual(sorted(summary.landed), sorted(landed.map(({ task }) => task)))
  assert.deepEqual(sorted(summary.unfinished.map(({ id }) => id)), sorted(conflicted.map(({ task }) => task)))
  assert.equal(exitCode, conflicted.length === 0 ? 0 : 1)
  for (const { task, files } of conflicted) {
    const told = summary.unfinished.find(({ id }) => id === task)
    assert.ok(files.length > 0, `The conflict of task ${task} names no file.`)
    assert.equal(told?.state, 'failed')
    assert.deepEqual([...(told?.files ?? [])].sort(), files, `task ${task}`)
    assert.ok(told?.reason?.includes(told.files[0] ?? '?'), `task ${task}: ${told?.reason}`)
  }
}

/** What each lane handed in is its change on its base and nothing else, in three commits. */
function checkResults({ root }: WorkClone, endings: readonly Ending[], changes: Picked['changes']): void {
  for (const { task, result } of endings) {
    const change = changes[task - 1]
    assert.equal(lineOf(root, 'rev-parse', `${result}^{tree}`), change?.tree, nameOf(change))
    assert.equal(lineOf(root, 'rev-list', '--count', '--first-parent', result, `^${result}~3`), '3')
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
  { summary }: RunAnswer,
  mark: string,
): Promise<void> {
  assert.deepEqual(processesWith(mark), [])
  assert.equal(lineOf(root, 'rev-parse', 'main'), summary.commit)
  assert.equal(lineOf(root, 'status', '--porcelain'), '')
  assert.deepEqual(disagreements(await lookAtLanes(worklane, root)), [])
  const unfinished = summary.unfinished.map(({ id }) => id)
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
