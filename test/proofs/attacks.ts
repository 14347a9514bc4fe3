import assert from 'node:assert/strict'
import { ATTACKS } from '../fixtures/attacks/all.ts'
import type { Attack } from '../fixtures/attacks/attack.ts'
import { type Outcome, play } from '../fixtures/attacks/harness.ts'
import type { As } from '../fixtures/attacks/person.ts'
import { makeAttackScene, type Setting } from '../fixtures/attacks/scene.ts'
import { type Figures, type Proof, type Report, randomNumbers } from './proof.ts'

interface Size {
  readonly [name: string]: number
  /** How many, drawn by the seed. */
  readonly attacks: number
  /** How many of them without walls too, where each needs a repository of its own. */
  readonly without: number
  /** Attacks of one run inside walls, eight a lane. One that does harm is then looked for by itself. */
  readonly together: number
  /** 1: without walls too, and as root and as an ordinary user; 0: inside walls, as who runs the test. */
  readonly everyWay: number
}

/** No user of the machine. */
const ORDINARY = 12345

export const attacks: Proof<Size> = {
  name: 'attacks',
  line: 'Attacks from inside a lane: of 128 drawn from them nine of ten succeed without walls, of all none with them, neither as an ordinary user nor started as root; and the honest work of each lands.',
  sample: { attacks: 8, without: 0, together: 8, everyWay: 0 },
  full: { attacks: 1000, without: 128, together: 32, everyWay: 1 },
  async run(size, report): Promise<Figures> {
    const chosen = draw(size.attacks, report.seed)
    const ways = waysOf(report.worklane, size.everyWay === 1)
    const results = new Map<Way, readonly Result[]>()
    for (const way of ways) {
      const some = way.setting.sandbox === 'none' ? draw(size.without, report.seed + 1, chosen) : chosen
      results.set(way, await tryAll(way, some, size.together, report))
    }
    check(results)
    return figures(chosen, results)
  },
}

interface Way {
  readonly title: string
  readonly setting: Setting
}

interface Result {
  readonly name: string
  /** The kinds of harm that were found, and an example of each. */
  readonly harms: Readonly<Record<string, string>>
  readonly hasLanded: boolean
}

function waysOf(worklane: string, isEvery: boolean): readonly Way[] {
  const self: As = process.getuid?.() === 0 ? 'root' : (process.getuid?.() ?? ORDINARY)
  const way = (title: string, sandbox: Setting['sandbox'], as: As): Way => ({
    title,
    setting: { worklane, sandbox, as },
  })
  if (!isEvery) return [way('inside walls', 'walls', self)]
  const user = self === 'root' ? ORDINARY : self
  const asRoot = self === 'root' ? [way('inside walls, started as root', 'walls', 'root')] : []
  return [
    way('without walls', 'none', self),
    way('inside walls, as an ordinary user', 'walls', user),
    ...asRoot,
  ]
}

function draw(count: number, seed: number, from = ATTACKS): readonly Attack[] {
  const random = randomNumbers(seed)
  const ranked = from.map((attack, at) => ({ attack, at, rank: random() }))
  const drawn = ranked.sort((a, b) => a.rank - b.rank).slice(0, count)
  return drawn.sort((a, b) => a.at - b.at).map(({ attack }) => attack)
}

/** Without walls each attack has a scene of its own; inside them some share one as long as nothing happens. */
async function tryAll(
  way: Way,
  chosen: readonly Attack[],
  together: number,
  report: Report,
): Promise<readonly Result[]> {
  const size = way.setting.sandbox === 'none' ? 1 : together
  const results: Result[] = []
  for (let at = 0; at < chosen.length; at += size) {
    const some = chosen.slice(at, at + size)
    const names = some.map(({ name }) => name).join(', ')
    results.push(...(await report.once(`${way.title}: ${names}`, async () => await tryTogether(way, some))))
    report.say(`${way.title}, ${results.length} of ${chosen.length}: ${names}`)
  }
  return results
}

async function tryTogether(way: Way, some: readonly Attack[]): Promise<readonly Result[]> {
  const outcome = await playIn(way.setting, some)
  const isQuiet = outcome.harms.length === 0 && outcome.unlanded.length === 0
  if (some.length === 1 || isQuiet) return some.map(({ name }) => resultOf(name, outcome))
  const results: Result[] = []
  for (const one of some) results.push(resultOf(one.name, await playIn(way.setting, [one])))
  return results.some(({ harms, hasLanded }) => Object.keys(harms).length > 0 || !hasLanded)
    ? results
    : some.map(({ name }) => resultOf(name, outcome))
}

async function playIn(setting: Setting, some: readonly Attack[]): Promise<Outcome> {
  await using scene = await makeAttackScene(setting)
  return await play(scene, lanesOf(some))
}

/** Eight attacks a lane; what breaks its own lane has one for itself. */
function lanesOf(some: readonly Attack[]): readonly (readonly Attack[])[] {
  const shared = some.filter(({ alone }) => alone !== true)
  const lanes = Array.from({ length: Math.ceil(shared.length / 8) }, (_, at) =>
    shared.slice(at * 8, at * 8 + 8),
  )
  return [...lanes, ...some.filter(({ alone }) => alone === true).map((one) => [one])]
}

function resultOf(name: string, { harms, unlanded }: Outcome): Result {
  const examples = harms.map(({ kind, what, how }): [string, string] => [kind, `${what} is ${how}`])
  return { name, harms: Object.fromEntries(examples), hasLanded: !unlanded.includes(name) }
}

function check(results: ReadonlyMap<Way, readonly Result[]>): void {
  for (const [{ title, setting }, all] of results) {
    if (setting.sandbox === 'none') {
      const share = all.filter(succeeded).length / all.length
      assert.ok(share >= 0.9, `${title} only ${Math.round(share * 100)}% succeed`)
      continue
    }
    const harmful = all.filter(({ harms }) => Object.keys(harms).length > 0)
    assert.deepEqual(harmful, [], `${title}: harm`)
    const lost = all.filter(({ hasLanded }) => !hasLanded).map(({ name }) => name)
    assert.deepEqual(lost, [], `${title}: honest work that did not land`)
  }
}

const BY_NAME = new Map(ATTACKS.map((attack) => [attack.name, attack]))

/** The harm that the attack is after has come. */
function succeeded({ name, harms }: Result): boolean {
  const attack = BY_NAME.get(name)
  return attack !== undefined && attack.harm in harms
}

function figures(chosen: readonly Attack[], results: ReadonlyMap<Way, readonly Result[]>): Figures {
  const categories = [...new Set(chosen.map(({ category }) => category))]
  const rows = categories.map((category): [string, string] => {
    const names = chosen.filter((attack) => attack.category === category).map(({ name }) => name)
    const counts = [...results].map(([{ title, setting }, all]) => {
      const those = all.filter(({ name }) => names.includes(name))
      return setting.sandbox === 'none'
        ? `${those.filter(succeeded).length} of ${those.length} ${title}`
        : `${those.filter(hasHarm).length} ${title}`
    })
    return [category, `${names.length} attacks; succeed: ${counts.join('; ')}`]
  })
  const totals = [...results].flatMap(([{ title, setting }, all]): [string, string | number][] =>
    setting.sandbox === 'none'
      ? [
          [`succeed ${title}`, `${all.filter(succeeded).length} of ${all.length}`],
          [`of them not ${title}`, failures(all)],
        ]
      : [
          [`succeed ${title}`, all.filter(hasHarm).length],
          [
            `honest work landed ${title}`,
            `${all.filter(({ hasLanded }) => hasLanded).length} of ${all.length}`,
          ],
        ],
  )
  return { attacks: chosen.length, ...Object.fromEntries([...totals, ...rows]) }
}

const hasHarm = ({ harms }: Result): boolean => Object.keys(harms).length > 0

function failures(all: readonly Result[]): string {
  const told = all
    .filter((one) => !succeeded(one))
    .map(({ name }) => `${name} (${BY_NAME.get(name)?.fails ?? 'not expected'})`)
  return told.join('; ') || 'none'
}
