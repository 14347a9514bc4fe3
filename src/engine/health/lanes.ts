import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { divergence } from '../../board/lane.ts'
import { linkOf, standsAt } from '../../host/git/worktree-entries.ts'
import { shellWord as word } from '../../host/process/shell-word.ts'
import type { OwnedLane } from '../../ledger/lanes.ts'
import type { Finding } from './finding.ts'
import { type Sight, samePlace } from './sight.ts'

/** Lanes that are not where, or not what, the ledger says. Those on their way are the lanes controller's. */
export function laneFindings(sight: Sight): Finding[] {
  return sight.lanes
    .filter(({ state }) => state === 'ready' || state === 'quarantined')
    .flatMap((lane) => {
      const finding = lookAt(lane, sight)
      return finding === null ? [] : [{ ...finding, fixable: false }]
    })
}

type Found = Omit<Finding, 'fixable'> | null

function lookAt(lane: OwnedLane, sight: Sight): Found {
  const is = standsAt(lane.path, lane.inode)
  if (is === 'ours') return lookAtLinks(lane, sight) ?? quarantined(lane)
  return moved(lane, sight) ?? (is === 'missing' ? missing(lane) : foreign(lane))
}

const name = ({ taskId }: OwnedLane): string => `The lane of task ${taskId}`

function quarantined(lane: OwnedLane): Found {
  if (lane.state !== 'quarantined') return null
  const why = 'Its task is not started until somebody has said that the lane is in order.'
  return { code: 'lane-diverged', why, ...divergence(lane) }
}

function missing(lane: OwnedLane): Found {
  return {
    code: 'lane-missing',
    what: `${name(lane)} is gone from the disk: ${lane.path}`,
    why: 'Somebody deleted the directory; its branch and git state are still there.',
    fix: `worklane lane remove ${lane.taskId} archives what git still has of it`,
  }
}

function foreign(lane: OwnedLane): Found {
  return {
    code: 'lane-foreign',
    what: `${name(lane)} is not the directory that Worklane made: ${lane.path}`,
    why: 'Something else stands at its path, and Worklane does not touch it.',
    fix: `mv ${word(lane.path)} ${word(`${lane.path}.strange`)}, then: worklane lane remove ${lane.taskId}`,
  }
}

/** The same directory under another name, which git knows of (`git worktree move`) or not (`mv`). */
function moved(lane: OwnedLane, { entries, places }: Sight): Found {
  const known = entries.find(({ admin }) => admin === lane.admin)?.path
  const found = [known ?? '', ...places].find((path) => path !== '' && standsAt(path, lane.inode) === 'ours')
  if (found === undefined) return null
  const by = known !== undefined && samePlace(found, known) ? 'git worktree move' : 'mv'
  return {
    code: 'lane-moved',
    what: `${name(lane)} was moved from ${lane.path} to ${found}`,
    why: 'Worklane looks for it at its old path, and would make it again there without what is not committed.',
    fix: `${by} ${word(found)} ${word(lane.path)}`,
  }
}

function lookAtLinks(lane: OwnedLane, sight: Sight): Found {
  const { commonDir, entries } = sight
  const admin = join(commonDir, 'worktrees', lane.admin)
  const entry = entries.find((one) => one.admin === lane.admin)
  if (entry === undefined && !existsSync(admin)) return unregistered(lane)
  if (entry === undefined || !samePlace(entry.path, lane.path))
    return {
      code: 'lane-detached',
      what: `${name(lane)} has lost its entry in git's worktrees, which ${entry === undefined ? 'names no place' : `names ${entry.path}`}`,
      why: 'Git takes the directory for another worktree or for none.',
      fix: `git worktree repair ${word(lane.path)}`,
    }
  if (!sight.close) return null
  const link = linkOf(lane.path)
  if (link === null || !samePlace(link, admin))
    return {
      code: 'lane-unlinked',
      what: `${name(lane)} has a .git file that ${link === null ? 'is missing or damaged' : `leads to ${link}`}`,
      why: 'Git commands in it fail, or work on something else.',
      fix: link === null ? 'git worktree repair' : `rm ${word(`${lane.path}/.git`)} && git worktree repair`,
    }
  return entry.locked === null ? null : locked(lane, entry.locked)
}

function unregistered(lane: OwnedLane): Found {
  const saved = `${lane.path}.saved`
  return {
    code: 'lane-detached',
    what: `${name(lane)} has lost its entry in git's worktrees: ${lane.path}`,
    why: 'Git no longer knows the directory as a worktree: what was staged is lost, its files are not.',
    fix: `mv ${word(lane.path)} ${word(saved)}, then worklane lane remove ${lane.taskId} archives its branch; the files are in ${saved}`,
  }
}

function locked(lane: OwnedLane, reason: string): Found {
  return {
    code: 'lane-locked',
    what: `${name(lane)} is locked${reason === '' ? '' : `: ${reason}`}`,
    why: 'Git does not move or remove it. Worklane removes it all the same once its task has landed.',
    fix: `git worktree unlock ${word(lane.path)}; to keep it: worklane lane keep ${lane.taskId}`,
  }
}
