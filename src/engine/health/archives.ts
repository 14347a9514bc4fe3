import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { archiveRefs } from '../../host/archive/contained.ts'
import { readSummary } from '../../host/archive/manifest-file.ts'
import { verifyArchive } from '../../host/archive/verify.ts'
import { namesIn } from '../../host/git/worktree-entries.ts'
import { shellWord as word } from '../../host/process/shell-word.ts'
import { archivePlaces, keptArchives } from '../../ledger/archives.ts'
import { standingLanes } from '../../ledger/lanes.ts'
import type { World } from '../world.ts'
import type { Finding } from './finding.ts'

/**
 * Archives from which a lane would not come back whole, and what lies among them and is none. `fully`: everything is
 * unpacked and compared, else only that it is all there: manifest, sizes of the tars, refs.
 */
export async function archiveFindings(world: World, fully: boolean): Promise<Finding[]> {
  const { commonDir } = world.repository
  const kept = await keptArchives(world.ledger.db)
  const refs = kept.length === 0 ? new Map<string, string>() : await archiveRefs(commonDir)
  const findings: Finding[] = []
  for (const { id, taskId, directory, refPrefix } of kept) {
    const problems = fully
      ? (await verifyArchive({ commonDir, directory, refPrefix })).map(
          ({ name, message }) => `${name} ${message}`,
        )
      : await whatIsMissing(directory, refs)
    const [first] = problems
    if (first !== undefined) findings.push(damaged({ id, taskId }, first, problems.length - 1))
  }
  return [...findings, ...(await unknownArchives(world))]
}

async function whatIsMissing(directory: string, refs: ReadonlyMap<string, string>): Promise<string[]> {
  const manifest = await readSummary(directory).catch((error: Error) => error)
  if (manifest instanceof Error) return [manifest.message]
  const tars = manifest.tars
    .filter(({ name, bytes }) => statSync(join(directory, name), { throwIfNoEntry: false })?.size !== bytes)
    .map(({ name }) => `${join(directory, name)} is missing or not as it was written`)
  const lost = manifest.refs
    .filter(({ ref, oid }) => refs.get(ref) !== oid)
    .map(({ ref }) => `${ref} is missing or was moved`)
  return [...tars, ...lost]
}

function damaged({ id, taskId }: { id: number; taskId: number }, first: string, more: number): Finding {
  return {
    code: 'archive-damaged',
    what: `Archive ${id} of task ${taskId} is damaged: ${first.replace(/\.$/, '')}${more === 0 ? '' : `; and ${more} more`}.`,
    why: 'The lane that it was made from would not come back whole.',
    fix: `Save what is left (worklane archive show ${id}), or put it back from a backup; then: worklane archive purge ${id} --lose-unlanded-work`,
    fixable: false,
  }
}

/** The lane is named in the middle: <task>-<lane>-<number>. One that is being archived has no row yet. */
async function unknownArchives(world: World): Promise<Finding[]> {
  const home = join(world.repository.home, 'archive')
  const names = namesIn(home)
  if (names.length === 0) return []
  const known = new Set((await archivePlaces(world.ledger.db)).map(({ directory }) => directory))
  const busy = new Set((await standingLanes(world.ledger.db)).map(({ id }) => String(id)))
  return names
    .map((name) => join(home, name))
    .filter((path) => !known.has(path) && !busy.has(path.split('-').at(-2) ?? '') && existsSync(path))
    .map((path) => ({
      code: 'archive-unknown',
      what: `An archive lies on the disk that the ledger does not know: ${path}`,
      why: 'It may hold the only copy of work, and no command lists it.',
      fix: `Look with: ls ${word(path)}, and read its manifest.json. Then: mv ${word(path)} ELSEWHERE`,
      fixable: false,
    }))
}
