import type { RunSnapshot, TaskView } from '../../../operations/snapshot.ts'
import { layOut, layOutDetails, shareColumns } from './columns.ts'
import { type Groups, groupTasks, needsPerson } from './group.ts'
import { banner, progressLine, settingsLine } from './header.ts'
import { BLANK, cell, cutLine, type Line } from './line.ts'
import { restLines } from './rest-lines.ts'
import { describeRow, type Row } from './row.ts'
import { shareRows } from './share-rows.ts'

export interface Size {
  readonly columns: number
  readonly rows: number
}

/** The groups with a line per task, top to bottom, and how the lines that have no room are counted. */
const SHOWN = [
  ['working', 'at work'],
  ['landing', 'on the way to base'],
  ['returned', 'to go again'],
  ['failed', 'failed'],
] as const

/**
 * What the screen shows of a run: at most `size.rows - 1` lines (the cursor's line stays free, so that the picture
 * never scrolls) of at most `size.columns` columns. `landedLast` has the numbers of landed tasks, newest first.
 */
export function viewModel(
  snapshot: RunSnapshot,
  size: Size,
  landedLast: readonly number[] = [],
): readonly Line[] {
  const groups = groupTasks(snapshot.tasks)
  const height = Math.max(1, size.rows - 1)
  const head = headLines(snapshot, groups, size.columns).slice(0, Math.max(1, height - 2))
  const rest = restLines(groups, landedLast)
  const tail = rest.slice(0, Math.ceil((height - head.length) / 3))
  const body = bodyLines(snapshot, groups, size.columns, height - head.length - tail.length)
  const spare = height - head.length - body.length - tail.length
  const lines = spaceOut([head, body, tail], spare)
  return lines.slice(0, height).map((line) => cutLine(line, size.columns))
}

function headLines(snapshot: RunSnapshot, groups: Groups, columns: number): Line[] {
  const news = banner(snapshot, groups)
  const bar = progressLine(snapshot, groups, columns)
  return news === null ? [bar, settingsLine(snapshot)] : [bar, news, settingsLine(snapshot)]
}

interface Block {
  readonly row: Row
  readonly group: number
}

function bodyLines(snapshot: RunSnapshot, groups: Groups, columns: number, room: number): Line[] {
  const shares = shareRows(
    SHOWN.map(([group]) => groups[group].length),
    room,
  )
  const blocks = SHOWN.flatMap(([name], group): Block[] => {
    const tasks = groups[name]
    const share = shares[group] ?? 0
    // The last line of a group that is cut says how many more there are.
    const shown = share < tasks.length ? Math.max(0, share - 1) : share
    return tasks.slice(0, shown).map((task) => ({ group, row: describeRow(task, snapshot.now) }))
  })
  const widths = shareColumns(
    columns,
    blocks.map(({ row }) => row),
  )
  const spare = room - shares.reduce((sum, share) => sum + share, 0)
  const details = chooseDetails(blocks, (row) => layOutDetails(row, widths, columns), spare)
  return SHOWN.flatMap(([name, what], group) => {
    const mine = blocks.filter((block) => block.group === group)
    const hidden = (shares[group] ?? 0) === 0 ? [] : groups[name].slice(mine.length)
    return [
      ...mine.flatMap(({ row }) => [layOut(row, widths), ...(details.get(row.id) ?? [])]),
      ...(hidden.length === 0 ? [] : [moreLine(hidden, mine.length > 0, what)]),
    ]
  })
}

/** `  … 4 more on the way to base, 1 waits for you`. */
function moreLine(hidden: readonly TaskView[], more: boolean, what: string): Line {
  const stuck = hidden.filter(needsPerson).length
  return [
    cell(`  … ${hidden.length} ${more ? 'more ' : ''}${what}`, 'dim'),
    ...(stuck === 0 ? [] : [cell(`, ${stuck} ${stuck === 1 ? 'waits' : 'wait'} for you`, 'warn')]),
  ]
}

/** Fills spare lines with reasons: what agents work on at the moment needs them least. */
function chooseDetails(
  blocks: readonly Block[],
  detail: (row: Row) => Line[],
  room: number,
): ReadonlyMap<number, readonly Line[]> {
  const chosen = new Map<number, readonly Line[]>()
  let left = room
  for (const { row } of blocks.toSorted((a, b) => Number(a.group === 0) - Number(b.group === 0))) {
    const lines = detail(row).slice(0, left)
    if (lines.length > 0) chosen.set(row.id, lines)
    left -= lines.length
  }
  return chosen
}

/** Parts with an empty line between them, where there is room for all of these. */
function spaceOut(parts: readonly (readonly Line[])[], spare: number): Line[] {
  const filled = parts.filter((part) => part.length > 0)
  const gaps = filled.length - 1 <= spare
  return filled.flatMap((part, at) => (gaps && at > 0 ? [BLANK, ...part] : part))
}
