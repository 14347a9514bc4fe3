import type { PushView } from '../../operations/push-view.ts'
import { pushText } from './push-text.ts'

interface Entry {
  readonly task: number
  /** Null: base had it all. */
  readonly commit?: string | null
  readonly base?: string
  readonly verified?: boolean
  readonly state?: string
  readonly reason?: string | null
  readonly files?: readonly string[]
  /** Of what is held. */
  readonly next?: string
}

type Landed = Readonly<
  Record<'landed' | 'rejected' | 'conflicted' | 'held' | 'waiting', readonly Entry[]>
> & {
  /** Tasks that were not asked about. */
  readonly alsoLanded: readonly number[]
  readonly paused: boolean
  readonly push: PushView | null
}

/** `worklane land` for people. */
export function landText({
  landed,
  rejected,
  conflicted,
  held,
  waiting,
  alsoLanded,
  paused,
  push,
}: Landed): string {
  const files = (entry: Entry): string =>
    (entry.files?.length ?? 0) === 0 ? '' : `: ${entry.files?.slice(0, 6).join(', ')}`
  const lines = [
    ...landed.map((entry) =>
      entry.commit == null
        ? `✓ #${entry.task} had nothing to land: ${entry.base} has it all`
        : `✓ #${entry.task} landed on ${entry.base} as ${entry.commit.slice(0, 7)}${entry.verified === true ? '' : ', unverified'}`,
    ),
    ...rejected.map(
      (entry) =>
        `✗ #${entry.task} rejected: ${entry.reason}\n    Its next attempt gets the reason. See: worklane logs ${entry.task} --verify`,
    ),
    ...conflicted.map(
      (entry) =>
        `✗ #${entry.task} conflicts${files(entry)}\n    Back on the board with a note; its lane is kept.`,
    ),
    ...held.map(
      (entry) =>
        `! #${entry.task} held, ${entry.reason}${files(entry)}\n    ${(entry.files?.length ?? 0) > 0 ? 'Commit, stash or move these files, then' : 'When that is mended'}: ${entry.next}`,
    ),
    ...waiting.map(
      (entry) =>
        `… #${entry.task} ${entry.state?.replace('_', ' ')}${entry.reason ? `: ${entry.reason}` : ''}${entry.state === 'awaiting_review' ? `\n    worklane lane diff ${entry.task}; then worklane approve ${entry.task}` : ''}`,
    ),
  ]
  const told = [
    ...(alsoLanded.length === 0 ? [] : [`Also landed: ${alsoLanded.map((id) => `#${id}`).join(' ')}`]),
    ...(paused ? ['The queue is paused; go on with: worklane landing resume'] : []),
    ...(push === null ? [] : [pushText(push)]),
  ]
  return [...(lines.length === 0 ? ['Nothing to land.'] : lines), ...told].join('\n')
}
