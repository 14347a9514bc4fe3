import { unlanded } from '../../board/archive.ts'
import { containedInBase } from '../../host/archive/contained.ts'
import type { KnownArchive } from '../../ledger/archives.ts'
import type { World } from '../world.ts'

/** An archive, and why its work counts as unlanded; null: base has it. */
export interface WeighedArchive extends KnownArchive {
  readonly unlanded: string | null
}

/** Asks git once for all of them, and not at all where the state of the tasks decides. */
export async function weighArchives(
  world: World,
  archives: readonly KnownArchive[],
): Promise<WeighedArchive[]> {
  const asked = archives.filter(({ task }) => task === 'landed')
  const contained = await containedInBase(world.repository.commonDir, asked)
  return archives.map((archive) => {
    const held = contained.get(archive.refPrefix) ?? { contained: null, late: false }
    return { ...archive, unlanded: unlanded({ ...archive, ...held }) }
  })
}
