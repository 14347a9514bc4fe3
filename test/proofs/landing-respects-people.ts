import { LANDING_STYLES, type LandingStyle } from '../../src/board/landing.ts'
import { HELD } from '../fixtures/landing/cases.ts'
import { FREE } from '../fixtures/landing/free-cases.ts'
import { INTERRUPTIONS } from '../fixtures/landing/interruptions.ts'
import { landAllTheTime, landOnce } from '../fixtures/landing/lander.ts'
import { type Played, playFree, playHeld, playInterrupted } from '../fixtures/landing/play.ts'
import { type Figures, type Proof, type Report, randomNumbers } from './proof.ts'

interface Size {
  readonly [name: string]: number
  readonly styles: number
  /** How many of all plays, drawn by the seed. */
  readonly plays: number
}

type Kind =
  | 'held, then `worklane land`'
  | 'held, with a running `worklane up`'
  | 'nothing in the way'
  | 'in the middle'

interface Play {
  readonly kind: Kind
  readonly name: string
  run(worklane: string): Promise<Played>
}

export const landingRespectsPeople: Proof<Size> = {
  name: 'landing-respects-people',
  line: 'Landing with a dirty main, with an ignored file in the way, with main checked out elsewhere, with a commit by a person in the middle: the user’s files untouched byte for byte, nothing shows as reversed, the entry held with the files named, lands by itself once free.',
  sample: { styles: 1, plays: 3 },
  full: { styles: 3, plays: 1000 },
  async run({ styles, plays }, report): Promise<Figures> {
    const all = LANDING_STYLES.slice(0, styles).flatMap((style) => playsOf(style))
    const chosen = drawn(all, plays, report.seed)
    const done: (Played & { readonly kind: Kind })[] = []
    for (const [at, play] of chosen.entries()) {
      done.push({ kind: play.kind, ...(await perform(play, report)) })
      report.say(`${at + 1} of ${chosen.length}: ${play.name}`)
    }
    return figures(done, styles)
  },
}

function playsOf(style: LandingStyle): Play[] {
  const named = (kind: Kind, name: string, run: Play['run']): Play => ({
    kind,
    name: `${style}, ${kind}: ${name}`,
    run,
  })
  return [
    ...HELD.flatMap((one) => [
      named(
        'held, then `worklane land`',
        one.name,
        async (worklane) => await playHeld(worklane, one, style, landOnce),
      ),
      named(
        'held, with a running `worklane up`',
        one.name,
        async (worklane) => await playHeld(worklane, one, style, landAllTheTime),
      ),
    ]),
    ...FREE.map((one) =>
      named('nothing in the way', one.name, async (worklane) => await playFree(worklane, one, style)),
    ),
    ...INTERRUPTIONS.map((one) =>
      named('in the middle', one.name, async (worklane) => await playInterrupted(worklane, one, style)),
    ),
  ]
}

/** So many of them, in their order. */
function drawn(all: readonly Play[], count: number, seed: number): Play[] {
  const random = randomNumbers(seed)
  const ranked = all.map((play, at) => ({ play, at, rank: random() })).sort((a, b) => a.rank - b.rank)
  return ranked
    .slice(0, count)
    .sort((a, b) => a.at - b.at)
    .map(({ play }) => play)
}

async function perform(play: Play, report: Report): Promise<Played> {
  return await report.once(play.name, async () => {
    try {
      return await play.run(report.worklane)
    } catch (error) {
      throw new Error(`${play.name}: ${error instanceof Error ? error.message : error}`, { cause: error })
    }
  })
}

function figures(done: readonly (Played & { readonly kind: Kind })[], styles: number): Figures {
  const sum = (of: (one: Played) => number): number => done.reduce((total, one) => total + of(one), 0)
  const count = (kind: Kind): number => done.filter((one) => one.kind === kind).length
  return {
    'landing styles': LANDING_STYLES.slice(0, styles).join(', '),
    'files of people compared before and after': sum(({ compared }) => compared),
    'files of people changed, or shown as changed or reversed': 0,
    'something in the way: held with exactly its files, then landed by a later `worklane land`': count(
      'held, then `worklane land`',
    ),
    'something in the way: held with exactly its files, then landed by a running `worklane up -j 0`': count(
      'held, with a running `worklane up`',
    ),
    'dirty, and nothing in the way: landed at once': count('nothing in the way'),
    'a person acted between the merge and the move': count('in the middle'),
    'entries held': sum(({ held }) => held),
    'tasks landed': sum(({ landed }) => landed),
  }
}
