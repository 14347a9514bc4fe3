import Table from 'cli-table3'
import type { Overlap } from '../../board/overlap.ts'
import { inWords, linesOf } from '../../board/overlap-change.ts'
import type { RadarAnswer } from '../../operations/radar.ts'

type Shown = Pick<
  RadarAnswer,
  'task' | 'lanes' | 'overlaps' | 'unknown' | 'unseen' | 'open' | 'sandbox' | 'failed'
>

/** `worklane radar` for people: a matrix where it fits, and then each overlap with its files and lines, worst first. */
export function radarText(answer: Shown, columns = columnsHere()): string {
  return [openText(answer), ...compared(answer, columns), failedText(answer.failed)]
    .filter((part) => part !== '')
    .join('\n\n')
}

/** Of the terminal; of whom it is piped to where that was said. */
function columnsHere(): number {
  return process.stdout.columns || Number(process.env.COLUMNS) || 80
}

function compared(answer: Shown, columns: number): string[] {
  const { task, lanes, overlaps, unknown } = answer
  if (lanes.length === 0) return ['No lanes to compare.']
  if (task !== null && !lanes.some((lane) => lane.task === task)) return [`#${task} has no lane to compare.`]
  const parts = [matrixText(answer, columns), ...listText(answer)]
  return overlaps.length === 0 && unknown.length === 0 ? [...parts, quietText(answer)] : parts
}

/** Of the others among themselves nothing is known where one was asked about. */
function quietText({ task, lanes }: Shown): string {
  const others = lanes.length - 1
  if (others === 0) return 'The lane does not conflict.'
  if (task === null) return `The ${lanes.length} lanes do not conflict.`
  return `#${task} does not conflict with the other ${others === 1 ? 'lane' : `${others} lanes`}.`
}

function openText({ open, sandbox }: Shown): string {
  if (open.length === 0) return sandbox === 'none' ? 'NO WALLS: agents can change anything that you can.' : ''
  return `NO WALLS: the agents at work on ${open.map((id) => `#${id}`).join(', ')} can change anything that you can.`
}

function failedText(failed: readonly number[]): string {
  if (failed.length === 0) return ''
  const lanes = failed.length === 1 ? 'the lane of a failed task' : 'the lanes of failed tasks'
  return `Left out: ${lanes}, ${failed.map((id) => `#${id}`).join(', ')}.`
}

const CONFLICT = '✗'
const CASE = '~'
const UNKNOWN = '?'
const CLEAN = '·'
const LEGEND = `${CONFLICT} would conflict   ${CASE} names differ only in case   ${UNKNOWN} not known   ${CLEAN} clean`

/** Empty where there is nothing in it. Where it is too wide, lanes that are clean throughout are left out. */
function matrixText(answer: Shown, columns: number): string {
  const { task, lanes, overlaps, unknown } = answer
  if (lanes.length < 2 || overlaps.length + unknown.length === 0) return ''
  const ids = lanes.map((lane) => lane.task)
  const whole = matrix(answer, ids)
  if (widthOf(whole) <= columns) return `${whole}\n${LEGEND}`
  const busy = new Set([...overlaps, ...unknown].flatMap(({ tasks }) => tasks))
  const some = ids.filter((id) => busy.has(id) || id === task)
  const text = matrix(answer, some)
  if (widthOf(text) > columns)
    return `The matrix is left out: it needs ${widthOf(text)} columns, and here are ${columns}.`
  const clean = ids.length - some.length
  return `${text}\n${LEGEND}\nLeft out: ${clean === 1 ? 'one lane that is' : `${clean} lanes that are`} clean against all.`
}

function widthOf(table: string): number {
  return table.split('\n', 1)[0]?.length ?? 0
}

function matrix({ task, overlaps, unknown }: Shown, ids: readonly number[]): string {
  const signs = new Map<string, string>()
  for (const { tasks, base } of unknown) signs.set(place(tasks, base), UNKNOWN)
  for (const { tasks, base, kind } of overlaps)
    signs.set(place(tasks, base), kind === 'case' ? CASE : CONFLICT)
  const sign = (tasks: readonly number[], base: boolean): string => signs.get(place(tasks, base)) ?? CLEAN
  const table = new Table({
    head: ['', 'base', ...ids.map((id) => `#${id}`)],
    style: { head: [], border: [], compact: true },
    colAligns: ['right', 'center', ...ids.map(() => 'center' as const)],
  })
  for (const row of task === null ? ids : [task])
    table.push([
      `#${row}`,
      sign([row], true),
      ...ids.map((id) =>
        id === row
          ? ''
          : sign(
              [id, row].sort((a, b) => a - b),
              false,
            ),
      ),
    ])
  return table.toString()
}

function place(tasks: readonly number[], base: boolean): string {
  return `${tasks.join(' ')}${base ? ' base' : ''}`
}

const MOST_FILES = 12
const MOST_HUNKS = 6

function listText({ lanes, overlaps, unknown, unseen }: Shown): string[] {
  const named = new Map(lanes.map(({ task, subject }) => [task, `#${task} ${subject}`]))
  const name = (task: number): string => named.get(task) ?? `#${task}`
  const weight = ({ base, kind, files }: Overlap): number =>
    Number(kind !== 'case') * 1e6 + Number(base) * 1e5 + files.length
  const ranked = [...overlaps].sort((a, b) => weight(b) - weight(a))
  const heading = ({ tasks, base }: Pick<Overlap, 'tasks' | 'base'>): string =>
    base ? `${tasks.map(name).join('')}  against base` : tasks.map(name).join('  against  ')
  return [
    ...ranked.map((overlap) => [heading(overlap), ...filesText(overlap)].join('\n')),
    unknownText(lanes.length, unknown, heading),
    unseen
      .map(({ task, path, why }) => `#${task} ${path}: ${WHY[why]}, so nothing is known of what is in it`)
      .join('\n'),
  ]
}

/** A lane that could not be looked at is unknown against all others: one line says it. */
function unknownText(
  lanes: number,
  unknown: Shown['unknown'],
  heading: (one: Pick<Overlap, 'tasks' | 'base'>) => string,
): string {
  const dark = unknown.filter(({ base }) => base).map(({ tasks }) => tasks[0])
  const shown = unknown.filter(({ base, tasks }) => base || !tasks.some((task) => dark.includes(task)))
  return shown
    .map((one) => {
      const alone =
        one.base && lanes > 1 && unknown.some((two) => !two.base && two.tasks.includes(one.tasks[0] ?? 0))
      return `${alone ? `${heading(one)} and all others` : heading(one)}: not known. ${one.reason}`
    })
    .join('\n')
}

const WHY: Readonly<Record<Shown['unseen'][number]['why'], string>> = {
  large: 'larger than sandbox.largestFile',
  unreadable: 'cannot be read by git',
  submodule: 'a submodule',
  nested: 'a repository of its own',
}

function filesText({ files, hunks, base }: Overlap): string[] {
  const lines = files.slice(0, MOST_FILES).map(({ path, kind }) => {
    const own = hunks.filter((hunk) => hunk.path === path)
    const places = own.slice(0, MOST_HUNKS).map(({ ours, theirs }) => {
      const [left, right] = base ? [theirs, ours] : [ours, theirs]
      return `${linesOf(left)} ↔ ${linesOf(right)}`
    })
    const more = own.length > MOST_HUNKS ? `, and ${own.length - MOST_HUNKS} more` : ''
    return `  ${path}  ${inWords(kind)}${places.length === 0 ? '' : `: ${places.join(', ')}${more}`}`
  })
  return files.length > MOST_FILES ? [...lines, `  and ${files.length - MOST_FILES} more files`] : lines
}
