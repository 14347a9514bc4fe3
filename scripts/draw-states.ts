/**
 * Draws the board's state machines into ARCHITECTURE.md, between `<!-- states:task -->` and `<!-- /states -->`.
 * With `--check` it writes nothing and exits 1 when the file is out of date.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { LANDING_TRANSITIONS } from '../src/board/landing.ts'
import { LANE_TRANSITIONS } from '../src/board/lane.ts'
import { TASK_TRANSITIONS } from '../src/board/task.ts'
import type { Transition } from '../src/board/transition.ts'

type Table = readonly Transition<string, string>[]
const TABLES: Readonly<Record<string, Table>> = {
  task: [{ from: '-', step: 'add', to: 'pending' }, ...TASK_TRANSITIONS],
  landing: LANDING_TRANSITIONS,
  lane: LANE_TRANSITIONS,
}
const BLOCK = /(<!-- states:(\w+) -->\n)[\s\S]*?(<!-- \/states -->)/g
const FILE = new URL('../ARCHITECTURE.md', import.meta.url)

/** A Mermaid state diagram: one arrow for each pair of states, labelled with the steps that take it. */
function draw(table: Table): string {
  const arrows = new Map<string, string[]>()
  for (const { from, step, to } of table) {
    const arrow = `${from === '-' ? '[*]' : from} --> ${to}`
    arrows.set(arrow, [...(arrows.get(arrow) ?? []), step])
  }
  const ends = new Set(table.map(({ to }) => to).filter((state) => table.every(({ from }) => from !== state)))
  return [
    '```mermaid',
    'stateDiagram-v2',
    ...[...arrows].map(([arrow, steps]) => `  ${arrow}: ${steps.join(', ')}`),
    ...[...ends].map((state) => `  ${state} --> [*]`),
    '```',
  ].join('\n')
}

const before = readFileSync(FILE, 'utf8')
const drawn: string[] = []
const after = before.replace(BLOCK, (_, open: string, name: string, close: string) => {
  const table = TABLES[name]
  if (table === undefined)
    throw new Error(`ARCHITECTURE.md asks for the states of ${name}, which has no table.`)
  drawn.push(name)
  return `${open}${draw(table)}\n${close}`
})
const missing = Object.keys(TABLES).filter((name) => !drawn.includes(name))
if (missing.length > 0)
  throw new Error(`ARCHITECTURE.md has no place for the states of ${missing.join(', ')}.`)

if (!process.argv.includes('--check')) writeFileSync(FILE, after)
else if (after !== before) {
  console.error('ARCHITECTURE.md does not show the states as they are. Run: node scripts/draw-states.ts')
  process.exitCode = 1
}
