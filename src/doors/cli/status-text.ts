import type { LimitsHere } from '../../board/limits.ts'
import type { PushView } from '../../operations/push-view.ts'
import { limitsLines } from './limits-text.ts'
import { pushText } from './push-text.ts'

interface Status {
  readonly base: string | null
  readonly engine: { readonly since: string } | null
  /** What keeps new work from being begun. */
  readonly disk: string | null
  readonly sandbox: { readonly mode: string; readonly open: number; readonly missing: string | null }
  /** What ready tasks wait for besides their turn. */
  readonly limits: string | null
  readonly laneLimits: LimitsHere
  readonly tasks: Readonly<Record<string, number>>
  readonly waiting: Readonly<Record<'ready' | 'blocked' | 'unreachable' | 'quarantined', number>>
  readonly running: number
  readonly lanes: Readonly<Record<string, number>>
  readonly findings: number
  readonly overlaps: { readonly lanes: number; readonly base: number }
  readonly landingPaused: boolean
  readonly push: PushView | null
  readonly landings: readonly {
    readonly task: number
    readonly state: string
    readonly reason: string | null
    readonly files: readonly string[]
  }[]
}

/** Said as loudly as it can be, and not at all where there are walls. */
function sandboxLines({ mode, open, missing }: Status['sandbox']): string[] {
  const power = 'can change anything that you can'
  if (open > 0)
    return [`Sandbox  NONE: ${open === 1 ? 'an agent is' : `${open} agents are`} at work that ${power}`]
  if (missing !== null) return [`Sandbox  ${missing} No agent is started; see: worklane doctor`]
  return mode === 'none' ? [`Sandbox  none: agents ${power}`] : []
}

function overlapLines({ lanes, base }: Status['overlaps']): string[] {
  const between = lanes === 0 ? [] : [`${lanes} between lanes`]
  const with_ = base === 0 ? [] : [`${base} with base`]
  const both = [...between, ...with_]
  return both.length === 0 ? [] : [`Overlaps ${both.join(', ')}; see: worklane radar`]
}

/** `worklane status` for people. */
export function statusText(status: Status): string {
  const { tasks, waiting } = status
  const [limits, more] = limitsLines(status.laneLimits)
  const made = status.lanes.creating ?? 0
  const lanes = Object.values(status.lanes).reduce((sum, count) => sum + count, 0)
  const counts = Object.entries(tasks).filter(([, count]) => count > 0)
  const open = Object.values(waiting).reduce((sum, count) => sum + count, 0)
  const aside =
    waiting.quarantined === 0 ? '' : `, ${waiting.quarantined} waiting for a person; see: worklane doctor`
  return [
    `Base     ${status.base ?? 'not chosen yet'}`,
    `Engine   ${status.engine === null ? 'not running' : `running since ${status.engine.since}, ${status.running} at work`}`,
    ...sandboxLines(status.sandbox),
    ...(status.disk === null ? [] : [`Disk     ${status.disk}`]),
    `Limits   ${limits}${status.laneLimits.whole ? '' : '; see: worklane doctor'}`,
    `         ${more}`,
    ...(status.limits === null ? [] : [`         ${status.limits}`]),
    `Tasks    ${counts.length === 0 ? 'none' : counts.map(([state, count]) => `${count} ${state.replace('_', ' ')}`).join(', ')}`,
    ...(open === 0
      ? []
      : [
          `         of the pending: ${waiting.ready} ready, ${waiting.blocked} waiting for others, ${waiting.unreachable} unreachable${aside}`,
        ]),
    `Lanes    ${lanes}${made === 0 ? '' : `, ${made} being made and set up`}`,
    ...overlapLines(status.overlaps),
    ...(status.findings === 0
      ? []
      : [
          `Health   ${status.findings} ${status.findings === 1 ? 'finding' : 'findings'}; see: worklane doctor`,
        ]),
    ...(status.landingPaused ? ['Landing  paused; go on with: worklane landing resume'] : []),
    ...(status.push === null ? [] : [`Push     ${pushText(status.push)}`]),
    ...status.landings.map(
      ({ task, state, reason, files }) =>
        `Landing  #${task} ${state.replace('_', ' ')}${reason === null ? '' : `: ${reason}`}${files.length === 0 ? '' : ` (${files.slice(0, 4).join(', ')})`}`,
    ),
  ].join('\n')
}
