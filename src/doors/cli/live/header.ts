import type { RunSnapshot } from '../../../operations/snapshot.ts'
import { elapsed } from './elapsed.ts'
import { type Groups, needsPerson } from './group.ts'
import { type Cell, cell, type Line } from './line.ts'
import { cut, plainText, width } from './terminal-text.ts'
import { count } from './wording.ts'

const LEAST_BAR = 8
const MOST_BASE = 24

/** `main ━━━━━━━━────────  7/24 landed  12m04s`, exactly as wide as the terminal. */
export function progressLine(snapshot: RunSnapshot, groups: Groups, columns: number): Line {
  const landed = groups.landed.length
  const all = snapshot.tasks.length - groups.cancelled.length
  const base = cut(plainText(snapshot.base), Math.min(MOST_BASE, Math.floor(columns / 3)))
  const end = `  ${landed}/${all} landed`
  const clock = `  ${elapsed(snapshot.now - snapshot.startedAt)}`
  const room = columns - width(base) - 1 - width(end) - width(clock)
  return [
    cell(`${base} `, 'strong'),
    ...(room < LEAST_BAR ? [] : bar(room, landed, all)),
    cell(end, all > 0 && landed === all ? 'good' : 'strong'),
    cell(clock, 'dim'),
  ]
}

/** Two kinds of line and not only two colours, since there may be no colours. */
function bar(columns: number, done: number, all: number): Cell[] {
  const full = all === 0 ? 0 : Math.floor((columns * done) / all)
  return [cell('━'.repeat(full), 'good'), cell('─'.repeat(columns - full), 'dim')]
}

/** `8/8 agents busy · verify: npm test`; where there are no walls, that comes first. */
export function settingsLine(snapshot: RunSnapshot): Line {
  const busy = cell(`${agentsAtWork(snapshot)}/${count(snapshot.parallel, 'agent')} busy`)
  const verify =
    snapshot.verify === null
      ? cell('no verify command: nothing tests what lands', 'warn')
      : cell(`verify: ${plainText(snapshot.verify)}`, 'dim')
  const open = cell('NO WALLS: agents can change anything that you can', 'warn')
  const parts = [...(snapshot.sandbox === 'none' ? [open] : []), busy, verify]
  return parts.flatMap((part, at) => (at === 0 ? [part] : [cell(' · ', 'dim'), part]))
}

function agentsAtWork({ tasks }: RunSnapshot): number {
  return tasks.filter((task) => task.attempt !== null).length
}

/** What a person must know before anything else; null when everything takes its course. */
export function banner(snapshot: RunSnapshot, groups: Groups): Line | null {
  if (!snapshot.stopping) return standstill(snapshot, groups)
  const busy = agentsAtWork(snapshot)
  const what = busy === 0 ? 'finishing what is under way' : `waiting for ${count(busy, 'agent')}`
  return [cell(`Stopping: ${what}. Ctrl-C again stops now.`, 'warn')]
}

function standstill(snapshot: RunSnapshot, groups: Groups): Line | null {
  if (snapshot.tasks.length === 0)
    return [cell('Nothing to do. Add a task with: worklane task add SUBJECT', 'warn')]
  if (groups.working.length > 0 || groups.landing.some((task) => !needsPerson(task))) return null
  if (groups.ready.length + groups.returned.length > 0) return [cell('No agent is at work yet.', 'dim')]
  if (groups.landing.length > 0) return [cell('Everything that is left waits for you: see below.', 'warn')]
  if (groups.blocked.length + groups.unreachable.length > 0)
    return [cell('Nothing that is left can start: see below.', 'warn')]
  return null
}
