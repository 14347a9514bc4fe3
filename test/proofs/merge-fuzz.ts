import assert from 'node:assert/strict'
import { join } from 'node:path'
import { footprintOf, mayConflict } from '../../src/board/overlap.ts'
import { makeCandidate } from '../../src/host/git/candidate.ts'
import { hunksOf } from '../../src/host/git/hunks.ts'
import { mergeTrees } from '../../src/host/git/merge.ts'
import { type BatchAnswer, mergeBatch } from '../../src/host/git/merge-batch.ts'
import { type ObjectStore, openObjectStore } from '../../src/host/git/object-store.ts'
import { asText } from '../../src/host/git/path-bytes.ts'
import { judge, type Verdict } from '../fixtures/merge-cases/independent-rule.ts'
import { randomCase } from '../fixtures/merge-cases/random-case.ts'
import { changesOf, readTrees, type WrittenCase, writeCases } from '../fixtures/merge-cases/write-cases.ts'
import { makeRepository } from '../fixtures/repository.ts'
import { type Figures, type Proof, type Report, randomNumbers } from './proof.ts'

interface Size {
  readonly [name: string]: number
  readonly cases: number
  /** Cases to a repository. */
  readonly round: number
  /** One clean merge of so many is made a candidate for landing. */
  readonly land: number
  /** The same of those where one side's path carries something else. */
  readonly landAltered: number
  /** One case of so many is also merged alone. */
  readonly alone: number
}

interface Counts {
  readonly [name: string]: number
  readonly clean: number
  readonly conflicts: number
  readonly unknown: number
  /** The prefilter says that they cannot conflict. */
  readonly skipped: number
  readonly skippedConflicts: number
  /** Conflicts without a path that both sides changed. */
  readonly apart: number
  readonly alone: number
  readonly candidates: number
  readonly refused: number
  /** Merges to be landed in which an edit followed a rename, and the paths that it explains. */
  readonly carried: number
  readonly carriedPaths: number
  readonly located: number
}

export const mergeFuzz: Proof<Size> = {
  name: 'merge-fuzz',
  line: '20,000 random three-way merges (moved directories, renames, links, directories that become files, modes, names that differ in case, submodules): the prefilter never passes over a conflict; no merge that would land breaks the rule that a path changed by one side carries exactly that side’s blob, but for edits that followed a rename; merging in batches answers as merging alone.',
  sample: { cases: 150, round: 150, land: 15, landAltered: 3, alone: 15 },
  full: { cases: 20_000, round: 400, land: 1, landAltered: 1, alone: 10 },
  async run(size, report): Promise<Figures> {
    const rounds: Counts[] = []
    for (let done = 0; done < size.cases; done += size.round) {
      const n = rounds.length + 1
      const counts = await report.once(`round ${n}`, async () => await oneRound(size, report, n))
      report.say(`round ${n}: ${counts.clean} clean, ${counts.conflicts} conflicts`)
      rounds.push(counts)
    }
    const sum = (of: keyof Counts): number => rounds.reduce((total, one) => total + (one[of] ?? 0), 0)
    const cases = rounds.length * size.round
    return {
      'random merges': `${cases}: ${sum('clean')} clean, ${sum('conflicts')} conflicts, ${sum('unknown')} where git failed`,
      'the prefilter spares git': `${sum('skipped')} of ${cases}`,
      'conflicts among these': sum('skippedConflicts'),
      'conflicts that it would pass over if it only looked for a path that both changed': sum('apart'),
      'clean merges made candidates for landing': sum('candidates') + sum('refused'),
      'of them landed with a path that one side alone changed and that carries something else, unexplained': 0,
      'landed where an edit followed a rename (merges, paths)': `${sum('carried')}, ${sum('carriedPaths')}`,
      'refused by the product’s own rule, so not landed': sum('refused'),
      'answers of a batch equal to those of a merge alone': `${sum('alone')} of ${sum('alone')}`,
      'conflicts in lines of files that both sides have, all of them located': sum('located'),
    }
  },
}

const failed: BatchAnswer = { kind: 'unknown', reason: 'not answered' }

async function oneRound(size: Size, { seed }: Report, n: number): Promise<Counts> {
  using repository = makeRepository()
  const random = randomNumbers(seed * 100_003 + n)
  const cases = writeCases(
    repository,
    Array.from({ length: size.round }, () => randomCase(random)),
  )
  const commonDir = repository.gitDir
  const store = await openObjectStore({ commonDir, objects: join(commonDir, 'fuzz', 'objects') })
  const pairs = cases.map(({ commits }, at) => ({ key: String(at), ...commits }))
  const batch = await mergeBatch(store, pairs, { keep: true })
  const answers = cases.map((_, at) => batch.get(String(at)) ?? failed)
  const count = (kind: BatchAnswer['kind']): number => answers.filter((one) => one.kind === kind).length
  const skipped = cases.flatMap((one, at) => (canConflict(one) ? [] : [answers[at]]))
  const missed = skipped.filter((answer) => answer?.kind === 'conflict').length
  assert.equal(missed, 0, `round ${n}: the prefilter passes over ${missed} conflicts`)
  const results = readTrees(repository, answers.flatMap(treeOf), store.objects)
  const clean = cases.flatMap((one, at) =>
    (answers[at] ?? failed).kind === 'clean' ? [{ one, tree: treeOf(answers[at] ?? failed).join() }] : [],
  )
  const judged = clean.map(({ one, tree }, at) => ({
    one,
    tree,
    verdict: judge(one, results[at] ?? new Map()),
  }))
  return {
    clean: count('clean'),
    conflicts: count('conflict'),
    unknown: count('unknown'),
    skipped: skipped.length,
    skippedConflicts: missed,
    apart: cases.filter((one, at) => answers[at]?.kind === 'conflict' && !sharesPath(one)).length,
    alone: await checkAlone(size, commonDir, cases, answers),
    ...(await land(size, commonDir, judged)),
    located: await locate(store, answers),
  }
}

function canConflict({ base, ours, theirs }: WrittenCase): boolean {
  return mayConflict(footprintOf(changesOf(base, ours)), footprintOf(changesOf(base, theirs)))
}

function sharesPath({ base, ours, theirs }: WrittenCase): boolean {
  const paths = new Set(changesOf(base, ours).map(({ path }) => path))
  return changesOf(base, theirs).some(({ path }) => paths.has(path))
}

function treeOf(answer: BatchAnswer): string[] {
  return answer.kind === 'clean' ? [answer.tree] : []
}

async function checkAlone(
  { alone }: Size,
  commonDir: string,
  cases: readonly WrittenCase[],
  answers: readonly BatchAnswer[],
): Promise<number> {
  const picked = cases.flatMap((one, at) => (at % alone === 0 ? [{ one, answer: answers[at] }] : []))
  await inParallel(picked, async ({ one: { commits }, answer }) => {
    const files = answer?.kind === 'conflict' ? answer.files : []
    const told = files.map(({ path, kind }) => ({ path: asText(path), kind }))
    const expected = answer?.kind === 'conflict' ? { ...answer, files: told } : answer
    assert.deepEqual(await mergeTrees({ commonDir }, commits.ours, commits.theirs), expected)
  })
  return picked.length
}

/** What the product would land is never what the rule forbids. */
async function land(
  size: Size,
  commonDir: string,
  judged: readonly { one: WrittenCase; tree: string; verdict: Verdict }[],
): Promise<Pick<Counts, 'candidates' | 'refused' | 'carried' | 'carriedPaths'>> {
  const counts = { candidates: 0, refused: 0, carried: 0, carriedPaths: 0 }
  const altered = judged.filter(({ verdict: { broken, carried } }) => broken.length + carried.length > 0)
  const rest = judged.filter((one) => !altered.includes(one))
  const picked = [
    ...altered.filter((_, at) => at % size.landAltered === 0),
    ...rest.filter((_, at) => at % size.land === 0),
  ]
  await inParallel(picked, async ({ one: { commits }, tree, verdict }) => {
    const answer = await makeCandidate(
      { commonDir },
      {
        style: 'merge',
        base: commits.ours,
        result: commits.theirs,
        message: { subject: 'Land it', body: '', trailers: [] },
        sign: false,
      },
    )
    if (answer.kind === 'empty') return
    if (answer.kind !== 'candidate') counts.refused += 1
    else {
      assert.equal(answer.tree, tree)
      assert.deepEqual(verdict.broken, [], `${commits.ours} and ${commits.theirs} land with these altered`)
      counts.candidates += 1
      counts.carried += verdict.carried.length > 0 ? 1 : 0
      counts.carriedPaths += verdict.carried.length
    }
  })
  return counts
}

/** Every conflict in the lines of a file that both sides have is told with its lines. */
async function locate(store: ObjectStore, answers: readonly BatchAnswer[]): Promise<number> {
  const files = answers
    .flatMap((answer) => (answer.kind === 'conflict' ? answer.files : []))
    .filter(({ kind, stages }) => kind === 'CONFLICT (contents)' && stages.length === 3)
    .filter(({ stages }) => stages.every(({ mode }) => mode.startsWith('100')))
  const found = await hunksOf(store, files)
  for (const file of files.slice(0, 400))
    assert.ok((found.get(file) ?? []).length > 0, `no lines for ${file.path}`)
  return files.length
}

/** Some at once, as git is mostly waited for. */
async function inParallel<T>(values: readonly T[], work: (value: T) => Promise<void>): Promise<void> {
  const open = [...values]
  const worker = async (): Promise<void> => {
    for (let value = open.shift(); value !== undefined; value = open.shift()) await work(value)
  }
  await Promise.all([worker(), worker(), worker()])
}
