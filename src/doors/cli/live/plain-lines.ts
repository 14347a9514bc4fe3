import type { EventType, LedgerEvent } from '../../../board/event.ts'
import { programName } from '../../../board/program-name.ts'
import { repositoryLine } from './repository-lines.ts'
import { cut, plainText } from './terminal-text.ts'
import { count, headline, reasonAndFiles, shortCommit } from './wording.ts'

const SUBJECT_COLUMNS = 60

/** What an event says about its task; null where only a machine wants to know. */
type Wording = (event: LedgerEvent, id: number) => string | null

/** The events worth a line. The others are steps on the way to one of these, and `worklane events` has them all. */
const WORDINGS: Readonly<Partial<Record<EventType, Wording>>> = {
  'run.started': (event) => `started ${programName(raw(event, 'command'))}`,
  'run.ended': runEnded,
  'task.failed': (event, id) =>
    `failed after ${count(number(event, 'failures'), 'attempt')}; see: worklane logs ${id}; again: worklane task retry ${id}`,
  'task.expired': () => 'its lease ran out; it can be claimed again',
  'task.returned': (event) =>
    text(event, 'reason') === 'review' ? `sent back: ${text(event, 'note')}` : null,
  'task.cancelled': () => 'cancelled',
  'task.reopened': () => 'goes again',
  'task.landed': landed,
  'lane.setup_started': (event) => `setting up: ${text(event, 'command')}`,
  'lane.setup_failed': (event, id) => `${because('set-up failed', event)}; see: worklane logs ${id}`,
  'lane.quarantined': quarantined,
  'lane.network_refused': (event) => text(event, 'text').replace(/^Worklane: /, ''),
  'landing.review_requested': (event, id) =>
    `${because('waits for a review', event)}: worklane lane diff ${id}, then worklane approve ${id} or worklane reject ${id} --note WHY`,
  'landing.approved': () => 'approved',
  'landing.conflicted': (event) => reasonAndFiles(raw(event, 'reason') || 'conflicts', files(event)),
  'landing.rejected': (event) => because('rejected', event),
  'landing.held': (event) => because('held', event),
  'landing.released': () => 'no longer held',
  'landing.requeued': requeued,
  'overlap.found': overlap,
}

/**
 * One plain line for an event that a reader of a log wants to know of, else null:
 * `12:03:04  #7 add login  landed on main (3f2a1b0)`, in the machine's time zone. `subjects` by number of the task.
 */
export function plainLine(event: LedgerEvent, subjects: ReadonlyMap<number, string>): string | null {
  const time = clock(event.time)
  if (event.type === 'engine.stop_requested') return `${time}  stopping: waiting for the agents`
  const verify = verifyLine(event)
  if (verify !== null) return `${time}  ${verify}`
  const shared = repositoryLine(event)
  if (shared !== null) return `${time}  ${shared}`
  const id = taskOf(event)
  if (id === null) return null
  const said = WORDINGS[event.type]?.(event, id) ?? null
  if (said === null) return null
  const subject = cut(plainText(subjects.get(id) ?? ''), SUBJECT_COLUMNS)
  return `${time}  #${id}${subject === '' ? '' : ` ${subject}`}  ${said}`
}

const VERIFY_ENDS: Readonly<Record<string, string>> = {
  green: 'passed',
  red: 'failed',
  fault: 'could not be run',
  interrupted: 'was ended',
}

/** A verify run is about several tasks; about none: base by itself. */
function verifyLine(event: LedgerEvent): string | null {
  const tasks = Array.isArray(event.data.tasks) ? event.data.tasks.filter(Number.isSafeInteger) : []
  const more = tasks.length > 8 ? ` and ${tasks.length - 8} more` : ''
  const names = tasks.map((task) => `#${task}`).slice(0, 8)
  const what = tasks.length === 0 ? 'base' : `${names.join(' ')}${more}`
  if (event.type === 'verify.started') return `verifying ${what}`
  return event.type === 'verify.ended'
    ? `verify of ${what} ${VERIFY_ENDS[text(event, 'result')] ?? 'ended'}`
    : null
}

/** Where two worked in it, it stays; what the walls did not let out is archived at once. */
function quarantined(event: LedgerEvent, id: number): string {
  const where = text(event, 'kind') === 'diverged' ? `worklane lane show ${id}` : 'worklane archive list'
  return `${because('its lane was set aside', event)}; see: ${where}`
}

/** What is stacked anew because of another is no news of its own. */
function requeued(event: LedgerEvent): string | null {
  return event.data.without !== undefined ? null : because('back in the queue', event)
}

/** With base it is told once it is to land; names that differ only in case are for `worklane radar`. */
function overlap(event: LedgerEvent, id: number): string | null {
  const tasks = Array.isArray(event.data.tasks) ? event.data.tasks : []
  const other = tasks.find((task) => task !== id)
  if (other === undefined || text(event, 'kind') === 'case') return null
  return reasonAndFiles(`would conflict with #${other}`, files(event))
}

function runEnded(event: LedgerEvent): string | null {
  const detail = headline(raw(event, 'detail'))
  switch (text(event, 'outcome')) {
    case 'completed':
      return `done: ${detail}`
    case 'no_change':
      // `task.landed` follows.
      return null
    case 'stopped':
      return 'stopped; its work is kept'
    case 'lost':
      return `interrupted: ${detail}`
    default:
      return `attempt failed: ${detail}`
  }
}

function landed(event: LedgerEvent): string {
  if (event.data.change === false) return 'done: no change was needed'
  const [base, commit] = [text(event, 'base'), shortCommit(text(event, 'commit'))]
  const where = `${base === '' ? '' : ` on ${base}`}${commit === '' ? '' : ` (${commit})`}`
  return `landed${where}${event.data.verified === false ? ', not verified' : ''}`
}

function because(what: string, event: LedgerEvent): string {
  const why = reasonAndFiles(raw(event, 'reason'), files(event))
  return why === '' ? what : `${what}: ${why}`
}

/** `task/7`; the events of lanes, runs and landings name their task in their data. */
function taskOf(event: LedgerEvent): number | null {
  const [kind, id] = event.subject.split('/')
  const found = kind === 'task' ? Number(id) : number(event, 'task')
  return Number.isSafeInteger(found) && found > 0 ? found : null
}

function clock(time: string): string {
  const date = new Date(time)
  const two = (n: number): string => String(n).padStart(2, '0')
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
}

/**
 * What an event carries is read without trust: it may come from an older or a newer version. Safe to print, and
 * empty when it is missing.
 */
function text(event: LedgerEvent, name: string): string {
  return plainText(raw(event, name))
}

function raw({ data }: LedgerEvent, name: string): string {
  const value = data[name]
  return typeof value === 'string' ? value : ''
}

function files({ data }: LedgerEvent): string[] {
  return Array.isArray(data.files) ? data.files.filter((file) => typeof file === 'string') : []
}

/** 0 when it is missing. */
function number({ data }: LedgerEvent, name: string): number {
  const value = data[name]
  return typeof value === 'number' ? value : 0
}
