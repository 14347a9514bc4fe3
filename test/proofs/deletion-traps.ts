import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  isOfOtherLane,
  isReachable,
  isSomewhere,
  makeTrapScene,
  outside,
  type TrapScene,
} from '../fixtures/deletion-traps/scene.ts'
import { TRAPS, type Trap } from '../fixtures/deletion-traps/traps.ts'
import { makeReady, perform, VERBS, type Verb } from '../fixtures/deletion-traps/verbs.ts'
import { listLanes } from '../fixtures/lane-views.ts'
import { type Figures, type Proof, type Report, randomNumbers } from './proof.ts'

interface Size {
  readonly [name: string]: number
  /** How many of all traps x verbs, drawn by the seed. */
  readonly cases: number
}

/** What happened in one case. */
interface Played {
  readonly trap: string
  readonly verb: Verb
  /** The lane is gone, its archive made. */
  readonly removed: boolean
  /** What was said instead. */
  readonly sentence: string | null
  /** Files, directories, links and branches compared before and after. */
  readonly compared: number
}

export const deletionTraps: Proof<Size> = {
  name: 'deletion-traps',
  line: 'Deletion traps: lane replaced by a symlink, `gitdir` rewritten to another lane, mount inside, open files, read-only directories: 0 bytes lost outside.',
  sample: { cases: 3 },
  full: { cases: 1000 },
  async run({ cases }, report): Promise<Figures> {
    const possible = TRAPS.filter((trap) => trap.possible?.(report.worklane) !== false)
    const all = possible.flatMap((trap) => VERBS.map((verb) => ({ trap, verb })))
    const random = randomNumbers(report.seed)
    const drawn = all.map((one, at) => ({ ...one, at, rank: random() })).sort((a, b) => a.rank - b.rank)
    const played: Played[] = []
    for (const { trap, verb } of drawn.slice(0, cases).sort((a, b) => a.at - b.at))
      played.push(await report.once(`${trap.name}, ${verb}`, async () => await play(trap, verb, report)))
    return figures(played, TRAPS.length - possible.length)
  },
}

async function play(trap: Trap, verb: Verb, report: Report): Promise<Played> {
  const { worklane } = report
  const scene = await makeTrapScene(worklane)
  using _repository = scene.repository
  try {
    await makeReady(worklane, scene, verb)
    const undo = await trap.set(scene)
    const before = outside(scene, trap.mixes === true)
    const said = await spring(worklane, scene, trap, verb)
    // What a trap leads to is looked at through it; one that moves must be stopped first.
    if (trap.swaps === true) await undo()
    const compared = checkOutside(scene, before, trap, verb)
    if (trap.swaps !== true) await undo()
    checkWork(scene, trap)
    const sentence = said.answer.ok ? null : said.answer.error.message
    checkSentence(said)
    const removed = said.answer.ok && (verb === 'uninstall' || !(await stands(worklane, scene)))
    if (trap.harmless === true) assert.ok(removed, `not removed: ${sentence}`)
    report.say(`${trap.name}, ${verb}: ${sentence ?? (removed ? 'removed' : 'left')}`)
    return { trap: trap.name, verb, removed, sentence, compared }
  } catch (error) {
    throw new Error(`${trap.name}, ${verb}: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    })
  }
}

async function spring(
  worklane: string,
  scene: TrapScene,
  { user }: Trap,
  verb: Verb,
): ReturnType<typeof perform> {
  if (user === undefined) return await perform(worklane, scene, verb)
  chown(scene, user)
  try {
    return await perform(worklane, scene, verb, user)
  } finally {
    chown(scene, 0)
  }
}

function chown({ top }: TrapScene, user: number): void {
  execFileSync('chown', ['-hR', `${user}:${user}`, top])
}

/** Whether Worklane has the lane still, on its way out included. */
async function stands(worklane: string, { repository }: TrapScene): Promise<boolean> {
  return (await listLanes(worklane, repository.root)).some(({ task }) => task === 1)
}

/**
 * Nothing outside is gone or changed, and nothing new is there. The other lane goes only with everything. Answers how
 * many lines were compared.
 */
function checkOutside(scene: TrapScene, was: readonly string[], trap: Trap, verb: Verb): number {
  const stays = (line: string): boolean => verb !== 'uninstall' || !isOfOtherLane(scene, line)
  const before = was.filter(stays)
  const after = outside(scene, trap.mixes === true).filter(stays)
  const without = (lines: readonly string[], others: readonly string[]): string[] =>
    lines.filter((line) => !others.includes(line))
  assert.deepEqual(without(before, after), [], 'lost or changed outside')
  assert.deepEqual(without(after, before), [], 'new outside')
  return before.length
}

/** What was in the lane is on the disk or in its archive, and its commits have a ref. */
function checkWork(scene: TrapScene, { decoy }: Trap): void {
  for (const lane of [scene.lane, scene.other]) {
    assert.ok(isSomewhere(scene.top, lane.text), 'what was not committed is gone')
    assert.ok(isReachable(scene, lane), 'no ref leads to the commit of the lane')
  }
  if (decoy !== undefined) assert.ok(isSomewhere(scene.top, decoy), 'the decoy is gone')
}

function checkSentence({ answer, exitCode }: Awaited<ReturnType<typeof perform>>): void {
  assert.ok(exitCode !== null && exitCode <= 3, `exit ${exitCode}: ${JSON.stringify(answer)}`)
  if (answer.ok) return
  const { code, message } = answer.error
  assert.ok(!['no-answer', 'defect'].includes(code), `${code}: ${message}`)
  assert.match(message, /^[^\n]{10,400}$/)
}

function figures(played: readonly Played[], impossible: number): Figures {
  const traps = [...new Set(played.map(({ trap }) => trap))]
  const told = traps.map((name): [string, string] => {
    const those = played.filter(({ trap }) => trap === name)
    const removed = those.filter((one) => one.removed).length
    const [sentence] = those.flatMap((one) => one.sentence ?? [])
    const said = sentence === undefined ? '' : ` “${sentence.replace(/\/\S*\/worklane-test-\w+/g, '…')}”`
    return [
      name,
      `${removed} of ${those.length} removed and archived, ${those.length - removed} left alone.${said}`,
    ]
  })
  return {
    'traps x verbs': played.length,
    'traps that this machine cannot have': impossible,
    'files, directories, links and branches outside, compared before and after': played.reduce(
      (sum, { compared }) => sum + compared,
      0,
    ),
    'of them lost, changed or added': 0,
    'lanes whose work is not in the archive or where it was': 0,
    ...Object.fromEntries(told),
  }
}
