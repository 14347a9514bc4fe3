import { readdirSync } from 'node:fs'
import { branchTip, createBranch } from '../git/refs.ts'
import { readHeadRef } from './administration.ts'
import type { Manifest } from './manifest.ts'

/** What a restored lane's HEAD says, and which branches were made again for it. */
export interface SettledHead {
  /** Content of the HEAD file; null: as archived. */
  readonly head: string | null
  /** Full names. */
  readonly created: readonly string[]
  readonly notes: readonly string[]
}

interface Place {
  readonly commonDir: string
  readonly adminDir: string
  readonly onto?: string
}

/**
 * Brings the lane's branches back where they are gone. A branch that exists is never moved: where it is at another
 * commit, or in use by another worktree, HEAD is detached at the commit it was at, so that the index and the files
 * keep their meaning (on a branch elsewhere they would show as a reversal of what happened since).
 */
export async function settleHead(place: Place, lane: Manifest['lane']): Promise<SettledHead> {
  const created: string[] = []
  const notes: string[] = []
  const gitDir = { gitDir: place.commonDir }
  /** True when the branch is now at the commit and free. */
  const bringBack = async (branch: string, commit: string): Promise<boolean> => {
    const tip = await branchTip(gitDir, branch)
    if (tip === null && (await createBranch(gitDir, branch, commit))) {
      created.push(`refs/heads/${branch}`)
      return true
    }
    if (tip === commit) return true
    notes.push(
      tip === null
        ? `The branch ${branch} could not be made again; its commit was ${commit}.`
        : `The branch ${branch} is at ${tip} now and was left there; the lane's was at ${commit}.`,
    )
    return false
  }
  if (place.onto === undefined && lane.branchTip !== null) await bringBack(lane.branch, lane.branchTip)
  const { oid } = lane.head
  const ref = place.onto === undefined ? lane.head.ref : `refs/heads/${place.onto}`
  if (ref === null || !ref.startsWith('refs/heads/')) return { head: null, created, notes }
  const symbolic = ref === lane.head.ref ? null : `ref: ${ref}\n`
  if (oid === null) return { head: symbolic, created, notes }
  const branch = ref.slice('refs/heads/'.length)
  const settled = branch === lane.branch && lane.branchTip === oid && place.onto === undefined
  const free = settled ? notes.length === 0 : await bringBack(branch, oid)
  const elsewhere = isCheckedOutElsewhere(place, ref)
  if (free && !elsewhere) return { head: symbolic, created, notes }
  notes.push(
    `HEAD is detached at ${oid}${elsewhere ? `: ${branch} is checked out in another worktree` : ''}.`,
  )
  return { head: `${oid}\n`, created, notes }
}

function isCheckedOutElsewhere(place: Place, ref: string): boolean {
  const worktrees = `${place.commonDir}/worktrees`
  const others = readdirSync(worktrees).map((name) => `${worktrees}/${name}`)
  return [place.commonDir, ...others].some(
    (gitDir) => gitDir !== place.adminDir && readHeadRef(gitDir) === ref,
  )
}
