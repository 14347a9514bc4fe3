import { join } from 'node:path'
import { isRefusal } from '../../board/refusal.ts'
import { branchTips, mergedBranches } from '../../host/git/refs.ts'
import { branchOfHead } from '../../host/git/repository.ts'
import { namesIn } from '../../host/git/worktree-entries.ts'
import { shellWord as word } from '../../host/process/shell-word.ts'
import { keptArchives } from '../../ledger/archives.ts'
import { standingLanes } from '../../ledger/lanes.ts'
import { baseBranch } from '../base.ts'
import type { World } from '../world.ts'
import type { Finding } from './finding.ts'

/** Branches named as those of lanes are, which no lane has, no archive names and nobody has checked out. */
export async function branchFindings(world: World): Promise<Finding[]> {
  const place = { gitDir: world.repository.commonDir }
  const isLaneBranch = laneBranches(world.settings.lanes.branch)
  const candidates = [...(await branchTips(place)).keys()].filter((branch) => isLaneBranch.test(branch))
  if (candidates.length === 0) return []
  const named = new Set([...(await namedBranches(world)), ...checkedOut(world.repository.commonDir)])
  const stray = candidates.filter((branch) => !named.has(branch))
  if (stray.length === 0) return []
  const base = await baseBranch(world)
  const merged = isRefusal(base) ? new Set() : new Set(await mergedBranches(place, base))
  return stray.map((branch) => strayBranch(branch, isRefusal(base) ? 'HEAD' : base, merged.has(branch)))
}

/** As `branchName` of the board fills a template: flat where another branch is in the way, numbered where it is taken. */
export function laneBranches(template: string): RegExp {
  const filled = (text: string): string =>
    text
      .replace(/[.*+?^$()|[\]\\/-]/g, '\\$&')
      .replaceAll('{id}', '\\d+')
      .replaceAll('{slug}', '[a-z0-9-]+')
  return new RegExp(`^(${filled(template)}|${filled(template.replaceAll('/', '-'))})(-\\d+)?$`)
}

async function namedBranches({ ledger: { db } }: World): Promise<string[]> {
  const [lanes, archives] = [await standingLanes(db), await keptArchives(db)]
  return [...lanes, ...archives].map(({ branch }) => branch)
}

function checkedOut(commonDir: string): string[] {
  const admins = namesIn(join(commonDir, 'worktrees')).map((admin) => join(commonDir, 'worktrees', admin))
  return [commonDir, ...admins].flatMap((gitDir) => branchOfHead(gitDir) ?? [])
}

function strayBranch(branch: string, base: string, merged: boolean): Finding {
  const look = `git log ${word(`${base}..${branch}`)}`
  return {
    code: 'branch-stray',
    what: `The branch ${branch} belongs to no lane and no archive.`,
    why: merged
      ? `${base} has all its commits; it only stands in the way.`
      : 'It may be the only name of commits that nobody lands.',
    fix: merged
      ? `git branch -D ${word(branch)}`
      : `${look}, then git branch -m or git branch -D ${word(branch)}`,
    fixable: false,
  }
}
