import { isRefusal, type Refusal, refuse } from '../board/refusal.ts'
import { branchOfHead } from '../host/git/repository.ts'
import { rememberBase, rememberedBase } from '../ledger/base.ts'
import { transact } from '../ledger/transact.ts'
import { mainCheckout } from './main-checkout.ts'
import type { World } from './world.ts'

/**
 * The branch that lanes start from and land on: the settings' word, else the one recorded at the first use, so that
 * a person who switches the main checkout to another branch does not move the base of everybody's work.
 */
export async function baseBranch(world: World): Promise<string | Refusal> {
  if (world.settings.base !== null) return world.settings.base
  const remembered = await rememberedBase(world.ledger.db)
  if (remembered !== undefined) return remembered
  const branch = branchOfHead(mainCheckout(world).gitDir)
  if (branch === null)
    return refuse(
      'no-base',
      'HEAD is detached, so there is no branch to start from and to land on.',
      'Check out a branch, or name one in worklane.yaml: base: main',
    )
  const recorded = await transact(world.ledger, world.actor, async (tx) => await rememberBase(tx, branch))
  return isRefusal(recorded) ? recorded : branch
}
