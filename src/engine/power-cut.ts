import { removeLocksOfFormerBoot } from '../host/git/dead-locks.ts'
import { dropEmptyObjects } from '../host/git/empty-objects.ts'
import { rememberBoot, rememberedBoot } from '../ledger/boot.ts'
import { transact } from '../ledger/transact.ts'
import type { World } from './world.ts'

/** What git leaves when the power goes: locks, and objects without content. Looks only after a start of the machine. */
export async function repairAfterPowerCut({ ledger, actor, repository }: World): Promise<void> {
  const former = await rememberedBoot(ledger.db)
  if (former === actor.moment().boot) return
  if (former !== undefined) await removeLocksOfFormerBoot(repository.commonDir)
  await dropEmptyObjects(repository.commonDir)
  await transact(ledger, actor, rememberBoot)
}
