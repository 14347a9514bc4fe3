import { undoneSentence } from '../board/run.ts'
import { branchTip } from '../host/git/refs.ts'
import { undoneByMerge } from '../host/git/undone-by-merge.ts'
import type { OwnedLane } from '../ledger/lanes.ts'
import type { World } from './world.ts'

/** What is to be said of a result whose merges of base take away what base had changed; null: nothing. */
export async function undoneWork(
  { repository }: World,
  { base: name }: OwnedLane,
  head: string,
): Promise<string | null> {
  const base = await branchTip({ gitDir: repository.commonDir }, name)
  const undone = base === null ? null : await undoneByMerge(repository, { base, head })
  return undone === null ? null : undoneSentence(name, undone)
}
