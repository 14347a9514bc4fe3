import { readSharedFiles } from '../../host/git/shared-files.ts'
import { acceptedShared } from '../../ledger/shared-state.ts'
import type { World } from '../world.ts'
import type { Finding } from './finding.ts'
import { bareFindings, judge } from './shared-findings.ts'

/**
 * As `sharedFindings`, without git: the lines of the configuration are compared as they stand, and refs not at all.
 */
export async function sharedGlance({ repository: { commonDir }, ledger: { db } }: World): Promise<Finding[]> {
  const accepted = await acceptedShared(db)
  if (accepted === undefined) return bareFindings(commonDir)
  const files = readSharedFiles(commonDir)
  const before = { ...accepted, config: accepted.lines ?? files.lines ?? {} }
  const now = { ...files, config: files.lines ?? {}, refs: {} }
  return [...bareFindings(commonDir), ...judge(before, now, commonDir)]
}
