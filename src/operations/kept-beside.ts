import { keptName } from '../board/kept-refs.ts'
import { beyondResult } from '../engine/come-out.ts'
import type { World } from '../engine/world.ts'
import type { Manifest } from '../host/archive/manifest.ts'
import { type DescribedRef, describeRefs } from '../host/git/refs.ts'
import type { OwnedLane } from '../ledger/lanes.ts'

/** A stash, branch, tag or the like that came out of a lane beside its result. */
export interface KeptBeside {
  /** As it was called there. */
  readonly name: string
  /** By which git finds it now. */
  readonly ref: string
  readonly commit: string
  readonly subject: string
}

/** Of all attempts at a task; what several left unchanged is told once. */
export async function keptBeside(world: World, lane: OwnedLane | undefined): Promise<KeptBeside[]> {
  if (lane === undefined) return []
  const place = { gitDir: world.repository.commonDir }
  const refs = await describeRefs(place, `refs/worklane/${lane.taskId}`)
  const beyond = new Set((await beyondResult(world, lane, refs)).map(({ ref }) => ref))
  const isShell = (ref: string): boolean => /\/shell-\d+\/head$/.test(ref)
  return named(
    refs.filter(({ ref }) => !isShell(ref) || beyond.has(ref)),
    lane.branch,
  )
}

/** The same of an archive, which gives them numbers. */
export async function keptInArchive(
  world: World,
  { imports = [], lane }: Manifest,
  refPrefix: string,
): Promise<KeptBeside[]> {
  if (imports.length === 0) return []
  const pins = await describeRefs({ gitDir: world.repository.commonDir }, refPrefix)
  const head = lane.head.oid
  const kept = imports.flatMap(({ ref, oid }) => {
    const pin = pins.find((one) => one.oid === oid)
    const isResult = oid === head || oid === lane.branchTip
    return isResult && /\/head$/.test(ref)
      ? []
      : [{ ref, oid, commit: pin?.commit ?? oid, subject: pin?.subject ?? '', at: pin?.ref ?? oid }]
  })
  const at = new Map(kept.map((one) => [one.ref, one.at]))
  return named(kept, lane.branch).map((one) => ({ ...one, ref: at.get(one.ref) ?? one.ref }))
}

function named(refs: readonly DescribedRef[], branch: string): KeptBeside[] {
  const told = new Map<string, KeptBeside>()
  for (const { ref, oid, commit, subject } of refs) {
    const name = keptName(ref, branch)
    if (name !== null) told.set(`${name} ${oid}`, { name, ref, commit, subject })
  }
  return [...told.values()]
}
