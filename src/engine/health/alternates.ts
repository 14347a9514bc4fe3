import { join } from 'node:path'
import { brokenAlternates } from '../../host/git/alternates.ts'
import type { World } from '../world.ts'
import type { Finding } from './finding.ts'

/** Objects that the repository borrows from another place. */
export function alternateFindings({ repository }: World): Finding[] {
  return brokenAlternates(join(repository.commonDir, 'objects')).map(({ file, missing }) => ({
    code: 'alternates-broken',
    what: `The repository borrows objects from ${missing}, which is not there.`,
    why: 'Commits and files that only that place has cannot be read, and landings fail.',
    fix: `Bring it back (mount its disk). If no object is missing (git fsck), delete its line in ${file}`,
    fixable: false,
  }))
}
