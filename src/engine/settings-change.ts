import { whySettingsReview } from '../board/settings-change.ts'
import { mergeBases } from '../host/git/merge.ts'
import { branchTip } from '../host/git/refs.ts'
import { rootChanges } from '../host/git/tree-diff.ts'
import type { OwnedLane } from '../ledger/lanes.ts'
import type { World } from './world.ts'

/** Why a person has to look at a result before it lands; null: nothing speaks for it. */
export async function settingsChange(
  { repository }: World,
  { base: name, startPoint }: OwnedLane,
  result: string,
): Promise<string | null> {
  const base = (await branchTip({ gitDir: repository.commonDir }, name)) ?? startPoint
  const common = await mergeBases(repository, base, result)
  // Against each of them: after criss-cross merges one alone may already say what the result brings back.
  const froms = common.length === 0 ? [base] : common
  const names = await Promise.all(froms.map(async (from) => await rootChanges(repository, from, result)))
  return whySettingsReview(names.flat())
}
