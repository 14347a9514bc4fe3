import type { Landing } from '../../board/landing.ts'
import { heldBy } from '../../host/git/move-base.ts'
import { branchTip } from '../../host/git/refs.ts'
import type { World } from '../world.ts'

export interface Blockage {
  readonly reason: string
  readonly files: readonly string[]
}

/** What keeps base from moving from `from` to `to` in the checkouts that have it; null: nothing. */
export async function blockageOf(
  world: World,
  branch: string,
  from: string,
  to: string,
): Promise<Blockage | null> {
  const held = await heldBy(world.repository, { branch, from, to })
  return held === null ? null : { reason: held.reason, files: held.files }
}

/** Whether a held landing is still held: by files, or by a git failure for as long as base stays where it was. */
export async function blockage(world: World, entry: Landing): Promise<Blockage | null> {
  const still = { reason: entry.reason ?? 'git failed', files: entry.files }
  const tip = await branchTip({ gitDir: world.repository.commonDir }, entry.base)
  if (tip === null) return still
  if (entry.candidateOn !== tip) return null
  return entry.candidate === null ? still : await blockageOf(world, entry.base, tip, entry.candidate)
}
