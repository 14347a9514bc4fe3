import { programName } from '../../../board/program-name.ts'
import type { TaskView } from '../../../operations/snapshot.ts'
import { elapsed } from './elapsed.ts'
import { type Cell, cell } from './line.ts'
import { plainText } from './terminal-text.ts'
import { count, reasonAndFiles } from './wording.ts'

/** What the line of one task says; every text is safe to print. */
export interface Row {
  readonly id: number
  readonly glyph: Cell
  readonly subject: string
  /** Who works on it, or the state where nobody does. */
  readonly who: Cell
  readonly clock: string
  readonly action: string
  readonly changes: string
  /** Why it is where it is, and what a person can do about that. */
  readonly reason: string
  readonly next: string
}

/** The line of a task that an agent works on, that is on its way into base, that goes again, or that failed. */
export function describeRow(task: TaskView, now: number): Row {
  const common = { id: task.id, subject: plainText(task.subject), changes: changesOf(task) }
  if (task.state === 'in_progress') return { ...common, ...atWork(task, now) }
  const why = { clock: '', action: '', reason: reasonAndFiles(task.reason, task.files) }
  if (task.state === 'completed') return { ...common, ...why, ...onItsWay(task) }
  if (task.state === 'failed')
    return {
      ...common,
      ...why,
      glyph: cell('✗', 'bad'),
      who: cell('failed', 'bad'),
      next: `worklane logs ${task.id}; then worklane task retry ${task.id}`,
    }
  const before = task.landing === 'rejected' || task.landing === 'conflicted' ? task.landing : 'again'
  return {
    ...common,
    ...why,
    glyph: cell('↻', 'warn'),
    who: cell(before, 'warn'),
    next: 'goes again with a note',
  }
}

type Rest = Omit<Row, 'id' | 'subject' | 'changes'>

function atWork(task: TaskView, now: number): Rest {
  const clock = task.startedAt === null ? '' : elapsed(now - task.startedAt)
  const action = plainText(task.lastAction ?? '')
  const again = task.attempt !== null && task.attempt > 1
  const reason = again ? reasonAndFiles(task.reason, task.files) : ''
  const shared = { clock, action, reason: reason === '' ? '' : `before: ${reason}`, next: '' }
  // Claimed, and no run of ours: its lane is being made, or somebody else holds it.
  if (task.attempt === null) return { ...shared, glyph: cell('◌', 'busy'), who: cell('claimed', 'dim') }
  const name = task.agent === null ? 'agent' : programName(task.agent)
  return { ...shared, glyph: cell('●', 'busy'), who: cell(again ? `${name} ×${task.attempt}` : name) }
}

function onItsWay(task: TaskView): Pick<Row, 'glyph' | 'who' | 'next'> {
  switch (task.landing) {
    case 'held':
      return {
        glyph: cell('!', 'warn'),
        who: cell('held', 'warn'),
        next: nextWhenHeld(task),
      }
    case 'awaiting_review': {
      const { id } = task
      const next = `worklane lane diff ${id}; then worklane approve ${id} or worklane reject ${id} --note WHY`
      return { glyph: cell('?', 'warn'), who: cell('in review', 'warn'), next }
    }
    case 'merging':
    case 'verifying':
      return { glyph: cell('◆', 'busy'), who: cell(task.landing, 'busy'), next: '' }
    case 'moving':
      return { glyph: cell('◆', 'good'), who: cell('landing', 'good'), next: '' }
    default:
      return { glyph: cell('◇', 'dim'), who: cell('queued', 'dim'), next: '' }
  }
}

/** Files are in the way, or git failed and would fail again with base where it is. */
function nextWhenHeld({ files }: TaskView): string {
  return files.length > 0
    ? 'move these away or commit them; then it lands by itself'
    : 'it tries again by itself when base moves'
}

function changesOf({ changes }: TaskView): string {
  if (changes === null || changes.files === 0) return ''
  return `${count(changes.files, 'file')} +${changes.insertions} −${changes.deletions}`
}
