import { BROKEN } from '../fixtures/hostile/broken-repositories.ts'
import type { Group, HostileCase } from '../fixtures/hostile/case.ts'
import { type Played, play } from '../fixtures/hostile/play.ts'
import { GIT_MAKES } from '../fixtures/hostile/repositories.ts'
import { SETTINGS } from '../fixtures/hostile/settings.ts'
import { TASK_FILES } from '../fixtures/hostile/task-files.ts'
import { TEMPLATES } from '../fixtures/hostile/templates.ts'
import { TITLES } from '../fixtures/hostile/titles.ts'
import { type Figures, type Proof, type Report, randomNumbers } from './proof.ts'

interface Size {
  readonly [name: string]: number
  /** How many of all cases, drawn by the seed. */
  readonly cases: number
  /** How many are played at the same time. */
  readonly atOnce: number
}

const ALL: readonly HostileCase[] = [
  ...TITLES,
  ...TEMPLATES,
  ...SETTINGS,
  ...TASK_FILES,
  ...GIT_MAKES,
  ...BROKEN,
]

export const hostileInput: Proof<Size> = {
  name: 'hostile-input',
  line: 'Hostile titles, branch templates, settings and task files, and odd repositories: each works through add, claim, commit, remove, restore, complete and land, or is refused with one sentence and a hint; then nothing has changed. Nothing hangs, nothing of it is executed.',
  sample: { cases: 4, atOnce: 2 },
  full: { cases: 1000, atOnce: 2 },
  async run({ cases, atOnce }, report): Promise<Figures> {
    const chosen = drawn(cases, report.seed)
    const played: Played[] = []
    const wrong: string[] = []
    const left = [...chosen]
    const worker = async (): Promise<void> => {
      for (let one = left.shift(); one !== undefined; one = left.shift()) {
        const name = `${one.group}: ${one.name}`
        try {
          played.push(await perform(one, name, report))
        } catch (error) {
          wrong.push(`${name}: ${error instanceof Error ? error.message : error}`)
          report.say(wrong.at(-1) ?? '')
        }
      }
    }
    await Promise.all(Array.from({ length: atOnce }, worker))
    if (wrong.length > 0) throw new Error(`${wrong.length} of ${chosen.length} cases:\n${wrong.join('\n')}`)
    return figures(
      chosen.flatMap((one) => played.filter((is) => is.group === one.group && is.name === one.name)),
    )
  },
}

/** So many of them, in their order. */
function drawn(count: number, seed: number): HostileCase[] {
  const random = randomNumbers(seed)
  const ranked = ALL.map((one) => ({ one, rank: random() })).sort((a, b) => a.rank - b.rank)
  const chosen = new Set(ranked.slice(0, count).map(({ one }) => one))
  return ALL.filter((one) => chosen.has(one))
}

async function perform(one: HostileCase, name: string, report: Report): Promise<Played> {
  return await report.once(name, async () => {
    const played = await play(report.worklane, one)
    report.say(`${name}: ${played.came}`)
    return played
  })
}

const GROUPS: readonly Group[] = ['title', 'branch template', 'settings', 'task file', 'repository']

function figures(played: readonly Played[]): Figures {
  const count = (of: (one: Played) => boolean): number => played.filter(of).length
  const groups = GROUPS.map((group): [string, string] => {
    const own = played.filter((one) => one.group === group)
    const came = (how: Played['came']): number => own.filter((one) => one.came === how).length
    const skipped = came('not possible here')
    const rest = skipped === 0 ? '' : `, ${skipped} not possible here`
    return [`cases: ${group}`, `${own.length}: ${came('works')} work, ${came('refused')} refused${rest}`]
  })
  return {
    ...Object.fromEntries(groups),
    'refused with exit code 2 (bad input), 1 (by state), 3 (git or the disk failed)': [2, 1, 3]
      .map((exit) => count((one) => one.came === 'refused' && one.exit === exit))
      .join(', '),
    'refused with anything changed (after a failure of git: but for an empty `.worktrees` and its entries), without a hint, or with a stack trace': 0,
    'hung (half a minute)': 0,
    'executed something of the input': 0,
    ...Object.fromEntries(
      played
        .filter(({ came }) => came !== 'works')
        .map(({ group, name, came, sentence, hint }) => [
          `${group}: ${name}`,
          came === 'refused' ? cell(`${sentence} → ${hint}`) : `${came}: ${sentence}`,
        ]),
    ),
  }
}

/** In a table of Markdown, where a bar would end the cell and angle brackets would be HTML. */
function cell(text: string): string {
  return text.replace(/[|<>*_`\\{}]/g, '\\$&')
}
