import type { KeptBeside } from '../../operations/kept-beside.ts'
import { keptLines } from './kept-text.ts'
import { rows } from './rows.ts'

interface Listed {
  readonly task: number
  readonly state: string
  readonly holder: string
  readonly path: string
  readonly branch: string
  readonly keep: boolean
  readonly missing: boolean
  readonly open: boolean
  readonly interrupted: boolean
  readonly shells: readonly number[]
  readonly warnings: readonly string[]
}

interface Shown extends Listed {
  readonly commits: number
  readonly waits: { readonly what: string; readonly fix: string } | null
  readonly uncommitted: readonly string[]
  readonly unfinished: string | null
  readonly next: string | null
  readonly port: number | null
  readonly kept: readonly KeptBeside[]
}

/** `worklane lane list` for people. */
export async function lanesText({ lanes }: { readonly lanes: readonly Listed[] }): Promise<string> {
  if (lanes.length === 0) return 'No lanes. A claim makes one.'
  return await rows(
    lanes.map((lane) => [
      `#${lane.task}`,
      lane.missing ? 'missing' : (agentIn(lane) ?? lane.state),
      lane.branch,
      lane.path,
      [...(lane.keep ? ['kept'] : []), ...shellIn(lane), ...whyItStands(lane)].join(', '),
    ]),
  )
}

/** `worklane lane show` for people. */
export function laneText(lane: Shown): string {
  const agent = agentIn(lane)
  const notes = [...(lane.keep ? ['kept'] : []), ...shellIn(lane)].map((note) => `, ${note}`).join('')
  return [
    `Task:    ${lane.task}`,
    `State:   ${lane.missing ? 'missing from the disk; see: worklane doctor' : lane.state}${agent === null ? '' : ` (${agent})`}${notes}`,
    `Path:    ${lane.path}`,
    `Branch:  ${lane.branch}, ${lane.commits} ${lane.commits === 1 ? 'commit' : 'commits'} ahead of its start`,
    ...(lane.port === null ? [] : [`Ports:   from ${lane.port}`]),
    ...(lane.waits === null ? [] : [`Waits:   ${lane.waits.what}`, `         ${lane.waits.fix}`]),
    ...(lane.unfinished === null ? [] : [`In the middle of a ${lane.unfinished}. ${lane.next}`]),
    ...(lane.uncommitted.length === 0
      ? []
      : [`Uncommitted (${lane.uncommitted.length}): ${lane.uncommitted.slice(0, 8).join(', ')}`]),
    ...keptLines(lane.kept, 'Kept:    '),
    ...lane.warnings.map((warning) => `Mind:    ${warning}`),
  ].join('\n')
}

function agentIn({ holder, interrupted, open }: Listed): string | null {
  if (interrupted) return 'its run was interrupted; worklane up goes on'
  return holder === 'walls' ? `agent at work${open ? ', NO WALLS' : ''}` : null
}

/** Why one that was to go could not: the newest warning, where it says so (engine/lanes/plan.ts). */
function whyItStands({ state, keep, warnings }: Listed): readonly string[] {
  const why = warnings.filter((warning) => warning.startsWith('It could not be removed'))
  return state === 'condemned' && !keep ? why.slice(-1) : []
}

/** Why one that is to go is still there. */
function shellIn({ shells: [process], state }: Listed): string[] {
  if (process === undefined) return []
  return [`a shell is open in it (process ${process})${state === 'condemned' ? ', then it goes' : ''}`]
}
