import * as z from 'zod'
import { isRefusal } from '../board/refusal.ts'
import { weighArchives } from '../engine/lanes/archives.ts'
import type { Manifest } from '../host/archive/manifest.ts'
import { readManifest } from '../host/archive/manifest-file.ts'
import { readable } from '../host/archive/paths.ts'
import { needArchive } from '../ledger/archives.ts'
import { readCommands } from './archive-commands.ts'
import { viewArchive } from './archive-view.ts'
import { archive as archiveField } from './fields.ts'
import { keptInArchive } from './kept-beside.ts'
import { operation } from './operation.ts'

export default operation({
  summary: 'Show what an archive holds, and how to read it without Worklane',
  examples: ['worklane archive show 3'],
  positional: { field: 'id', label: 'ID' },
  input: z.object({ id: archiveField }),
  async run({ world }, { id }) {
    const archive = await needArchive(world.ledger.db, id)
    if (isRefusal(archive)) return archive
    const [weighed] = await weighArchives(world, [archive])
    const manifest = await readManifest(archive.directory).catch((error: Error) => error)
    return {
      ...viewArchive(weighed ?? { ...archive, unlanded: null }),
      refPrefix: archive.refPrefix,
      ...(manifest instanceof Error ? unreadable(manifest) : contentOf(manifest)),
      /** What came out of the lane beside its result, as it was called there. */
      kept: manifest instanceof Error ? [] : await keptInArchive(world, manifest, archive.refPrefix),
      commands: manifest instanceof Error ? [] : readCommands(manifest, archive),
    }
  },
})

interface Content {
  /** Why the archive cannot be read; then the rest is empty. */
  readonly problem: string | null
  readonly head: { readonly branch: string | null; readonly commit: string } | null
  readonly refs: Manifest['refs']
  readonly paths: readonly {
    readonly path: string
    readonly type: string
    readonly size: number
    readonly mode: string
    readonly from: string
  }[]
  /** Files as git checked them out, which come back from its objects. */
  readonly untouched: number
  readonly deleted: readonly string[]
  readonly leftOut: Manifest['leftOut']
  readonly warnings: readonly string[]
}

function contentOf({ lane, refs, entries, deleted, leftOut, warnings, counts }: Manifest): Content {
  const paths = entries.flatMap(({ area, path, type, size, mode, from }) =>
    area === 'files' && path !== '' ? [{ path: readable(path), type, size, mode: octal(mode), from }] : [],
  )
  const { ref, oid } = lane.head
  return {
    problem: null,
    head: oid === null ? null : { branch: ref?.replace(/^refs\/heads\//, '') ?? null, commit: oid },
    refs,
    paths: paths.sort((a, b) => (a.path < b.path ? -1 : 1)),
    untouched: counts.pristine,
    deleted: deleted.map(readable),
    leftOut: { ...leftOut, paths: leftOut.paths.map(readable) },
    warnings,
  }
}

/** The same shape, so that scripts need not tell them apart. */
function unreadable({ message }: Error): Content {
  return {
    problem: message,
    head: null,
    refs: [],
    paths: [],
    untouched: 0,
    deleted: [],
    leftOut: { paths: [], total: 0, files: 0, bytes: 0, counted: false },
    warnings: [],
  }
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}
