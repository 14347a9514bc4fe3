import { existsSync } from 'node:fs'
import type { OwnedLane } from '../ledger/lanes.ts'

/** A lane as every door shows it. */
export interface LaneView {
  readonly task: number
  readonly state: string
  readonly holder: string
  readonly path: string
  readonly branch: string
  readonly base: string
  readonly startPoint: string
  readonly port: number | null
  readonly keep: boolean
  readonly warnings: readonly string[]
  /** It should be there, and its directory is not. */
  readonly missing: boolean
}

export function viewLane(lane: OwnedLane): LaneView {
  const { taskId, state, holder, path, branch, base, startPoint, port, keep, warnings } = lane
  const missing = state === 'ready' && !existsSync(path)
  return { task: taskId, state, holder, path, branch, base, startPoint, port, keep, warnings, missing }
}
