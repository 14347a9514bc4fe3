import { isRefusal } from '../../board/refusal.ts'
import { branchTip, countBeyond } from '../../host/git/refs.ts'
import { behindUpstream } from '../../host/git/upstream.ts'
import { rememberedBase } from '../../ledger/base.ts'
import { movedByOthers } from '../../ledger/shared-state.ts'
import { baseBranch } from '../base.ts'
import type { World } from '../world.ts'
import type { Finding } from './finding.ts'

/** The branch that everything starts from and lands on. */
export async function baseFindings(world: World): Promise<Finding[]> {
  const branch = await baseBranch(world)
  if (isRefusal(branch)) {
    const { code, message, hint } = branch
    return [{ code, what: message, why: 'Lanes need a branch to start from.', fix: hint, fixable: false }]
  }
  if ((await branchTip({ gitDir: world.repository.commonDir }, branch)) === null)
    return [
      {
        code: 'no-base',
        what: `The base branch ${branch} does not exist.`,
        why: 'Lanes start from it and land on it.',
        fix: `git branch ${branch} COMMIT, or set base in worklane.yaml`,
        fixable: false,
      },
    ]
  const upstream = await behindUpstream(world.repository, branch)
  if (upstream === null || upstream.behind === 0) return []
  return [
    {
      code: 'base-behind',
      what: `${branch} is ${upstream.behind} behind ${upstream.upstream}.`,
      why: 'New lanes start from old code and conflict more often.',
      fix: 'git pull',
      fixable: false,
    },
  ]
}

/** Ordinary, and good to know: lanes that began before have to be merged with it. */
export async function baseRemarks({ repository, settings, ledger: { db } }: World): Promise<string[]> {
  const branch = settings.base ?? (await rememberedBase(db))
  const moved = branch === undefined ? null : await movedByOthers(db, branch)
  if (moved === null) return []
  const count = await countBeyond({ gitDir: repository.commonDir }, moved.from, moved.to).catch(() => 0)
  const by = count === 0 ? '' : ` by ${count} ${count === 1 ? 'commit' : 'commits'}`
  return [`Others moved ${branch}${by} to ${moved.to.slice(0, 7)}; landings go on from there.`]
}
