import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { EVENT_TYPES } from '../src/board/event.ts'
import { ACTIVE_LANDING_STATES, LANDING_STATES, LANDING_TRANSITIONS } from '../src/board/landing.ts'
import { LANE_STATES, LANE_TRANSITIONS } from '../src/board/lane.ts'
import { RUN_STATES } from '../src/board/run.ts'
import { TASK_STATES, TASK_TRANSITIONS } from '../src/board/task.ts'

/** The nouns of the glossary (ARCHITECTURE.md) that events may be about. */
const NOUNS = [
  'overlap',
  'verify',
  'task',
  'lane',
  'lease',
  'run',
  'landing',
  'base',
  'repository',
  'archive',
  'engine',
  'ledger',
  'agent',
  'request',
  'message',
]
/** Past forms that do not end in -ed. Compound ones end in such a form: `attempt_failed`. */
const IRREGULAR = ['found', 'gone', 'held', 'kept', 'left', 'unkept', 'remade', 'withdrawn']
/** Phrasal verbs: the particle comes last. */
const PHRASAL = ['handed_over', 'handed_back']

interface Machine {
  readonly file: string
  readonly states: readonly string[]
  readonly table: readonly { readonly from: string; readonly step: string; readonly to: string }[]
  /** Where it starts when nothing leads there from `-`. */
  readonly first?: string
  /** Nothing leads out of these; what a person may reopen stands in `reopened` with all its ways out. */
  readonly terminal: readonly string[]
  readonly reopened: Readonly<Record<string, readonly string[]>>
}
const MACHINES: Readonly<Record<string, Machine>> = {
  task: {
    file: 'task.ts',
    states: TASK_STATES,
    table: TASK_TRANSITIONS,
    first: 'pending',
    terminal: ['landed'],
    reopened: { failed: ['cancelled', 'pending'], cancelled: ['pending'] },
  },
  lane: {
    file: 'lane.ts',
    states: LANE_STATES,
    table: LANE_TRANSITIONS,
    terminal: [],
    reopened: { removed: ['creating'] },
  },
  landing: {
    file: 'landing.ts',
    states: LANDING_STATES,
    table: LANDING_TRANSITIONS,
    terminal: ['landed', 'conflicted', 'rejected', 'withdrawn'],
    reopened: {},
  },
}

test('events are noun.past_tense, with nouns of the glossary', () => {
  const wrong = EVENT_TYPES.filter((type) => {
    const [noun = '', fact = '', ...rest] = type.split('.')
    const past =
      /^[a-z]+(_[a-z]+)*$/.test(fact) && (PHRASAL.includes(fact) || isPast(fact.split('_').at(-1) ?? ''))
    return rest.length > 0 || !NOUNS.includes(noun) || !past
  })
  expect(wrong).toEqual([])
  expect(new Set(EVENT_TYPES).size).toBe(EVENT_TYPES.length)
})

function isPast(word: string): boolean {
  return word.endsWith('ed') || IRREGULAR.includes(word)
}

test.each(Object.entries(MACHINES))(
  'the %s table is whole',
  (_, { states, table, first, terminal, reopened }) => {
    for (const { from, to } of table) expect([...states, '-']).toEqual(expect.arrayContaining([from, to]))
    expect(table.filter((row) => row.to === '-')).toEqual([])
    // One answer per step: `follow` takes the first row that fits.
    const keys = table.map(({ from, step }) => `${from} ${step}`)
    expect(new Set(keys).size).toBe(keys.length)

    const reached = new Set(first === undefined ? ['-'] : [first])
    for (const from of reached) for (const row of table) if (row.from === from) reached.add(row.to)
    reached.delete('-')
    expect([...reached].sort()).toEqual([...states].sort())

    const out = (state: string): string[] => [
      ...new Set(table.filter(({ from }) => from === state).map(({ to }) => to)),
    ]
    expect(states.filter((state) => out(state).length === 0).sort()).toEqual([...terminal].sort())
    for (const [state, to] of Object.entries(reopened)) expect(out(state).sort()).toEqual(to)
  },
)

test.each(Object.entries(MACHINES))('the steps of %s are those of its table', (_, { file, table }) => {
  const source = readFileSync(`src/board/${file}`, 'utf8')
  const union = /export type \w+Step =([\s\S]*?)\n\n/.exec(source)?.[1] ?? ''
  const named = [...union.matchAll(/'(\w+)'/g)].map(([, step]) => step)
  expect([...new Set(named)].sort()).toEqual([...new Set(table.map(({ step }) => step))].sort())
})

test('a landing is active until nothing leads out of its state', () => {
  const over = MACHINES.landing?.terminal ?? []
  expect([...ACTIVE_LANDING_STATES].sort()).toEqual(
    LANDING_STATES.filter((state) => !over.includes(state)).sort(),
  )
})

test('no state is named that no table declares', () => {
  const known = new Set<string>([...TASK_STATES, ...LANE_STATES, ...LANDING_STATES, ...RUN_STATES])
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.tsx?$/.test(file),
  )
  const unknown = files.flatMap((file) =>
    statesIn(readFileSync(`src/${file}`, 'utf8'))
      .filter((state) => !known.has(state))
      .map((state) => `${file}: ${state}`),
  )
  expect(unknown).toEqual([])
})

/** Words that code compares a state with or writes as one: `.state === 'x'`, `state: 'x'`, `'state', 'in', ['x']`, SQL. */
function statesIn(source: string): string[] {
  const places = [
    /\bstate\s*[!=]==\s*('\w+')/g,
    /\bstate: ('\w+')/g,
    /'(?:\w+\.)?state',\s*'(?:=|!=|<>|in|not in)',\s*('\w+'|\[[^\]]*\])/g,
    /\bstate (?:=|<>|in|not in) ('\w+'|\([^)]*\))/g,
  ]
  return places
    .flatMap((place) => [...source.matchAll(place)].map(([, words]) => words ?? ''))
    .flatMap((words) => [...words.matchAll(/'(\w+)'/g)].map(([, word]) => word ?? ''))
}
