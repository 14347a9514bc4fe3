import type { TaskView } from '../../../operations/snapshot.ts'
import type { Groups } from './group.ts'
import { type Cell, cell, type Line } from './line.ts'
import { plainText } from './terminal-text.ts'

/** Tasks named on a collapsed line; the terminal's width cuts most of them. */
const NAMED = 8

/**
 * What neither moves nor needs a line of its own, collapsed to at most three lines, the most important first:
 * what waits, what cannot start, what landed. `landedLast` has the numbers of landed tasks, newest first.
 */
export function restLines(groups: Groups, landedLast: readonly number[]): Line[] {
  return [waitingLine(groups), unreachableLine(groups), finishedLine(groups, landedLast)].filter(
    (line) => line !== null,
  )
}

function waitingLine({ ready, blocked }: Groups): Line | null {
  if (ready.length + blocked.length === 0) return null
  const counts = [
    ...(ready.length > 0 ? [`${ready.length} ready`] : []),
    ...(blocked.length > 0 ? [`${blocked.length} blocked`] : []),
  ]
  const next = [...ready, ...blocked].slice(0, NAMED)
  return [cell('○ ', 'dim'), cell(counts.join(', ')), ...named(next, nameWaiting, ', next ')]
}

function nameWaiting(task: TaskView): string {
  if (task.waitsFor.length === 0) return nameTask(task)
  return `${nameTask(task)} (after ${numbers(task.waitsFor)})`
}

/** Names the tasks whose return would free the others. */
function unreachableLine({ unreachable, failed, cancelled }: Groups): Line | null {
  if (unreachable.length === 0) return null
  const gone = new Set([...failed, ...cancelled].map((task) => task.id))
  const causes = [...new Set(unreachable.flatMap((task) => task.waitsFor))].filter((id) => gone.has(id))
  const text = `${unreachable.length} cannot start: ${numbers(unreachable.map((task) => task.id).slice(0, NAMED))}`
  if (causes.length === 0) return [cell('✗ ', 'bad'), cell(text)]
  const [first] = causes
  const why = causes.length === 1 ? `needs #${first}` : `need ${numbers(causes.slice(0, NAMED))}`
  return [cell('✗ ', 'bad'), cell(text), cell(`, ${why} → worklane task retry ${first}`, 'dim')]
}

function finishedLine({ landed, cancelled }: Groups, landedLast: readonly number[]): Line | null {
  if (landed.length + cancelled.length === 0) return null
  const byId = new Map(landed.map((task) => [task.id, task]))
  const latest = landedLast.flatMap((id) => byId.get(id) ?? []).slice(0, NAMED)
  const gone = cancelled.length === 0 ? '' : `${landed.length === 0 ? '' : ', '}${cancelled.length} cancelled`
  return [
    landed.length === 0 ? cell('– ', 'dim') : cell('✓ ', 'good'),
    cell(landed.length === 0 ? '' : `${landed.length} landed`),
    cell(gone),
    ...named(latest, nameTask, ', last '),
  ]
}

function named(tasks: readonly TaskView[], name: (task: TaskView) => string, before: string): Cell[] {
  return tasks.length === 0 ? [] : [cell(`${before}${tasks.map(name).join(' · ')}`, 'dim')]
}

function nameTask(task: TaskView): string {
  return `#${task.id} ${plainText(task.subject)}`
}

function numbers(ids: readonly number[]): string {
  return ids.map((id) => `#${id}`).join(' ')
}
