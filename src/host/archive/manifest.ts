import { open } from 'node:fs/promises'
import * as z from 'zod'

export const MANIFEST_FILE = 'manifest.json'

const oid = z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/)
const mode = z.int().min(0).max(0o7777)

/**
 * Where something lay. `files`: the lane's directory. `git`: its git directory. `common`: the repository's, for the
 * reflogs of the lane's branches. `dotgit`: a `.git` at the top of the lane that is not git's link to its directory.
 */
export const AREAS = ['files', 'git', 'common', 'dotgit'] as const
export type Area = (typeof AREAS)[number]

/** What git knows is packed while the lane is still being walked; a lane that nobody touched has no `files.tar`. */
export const TARS = ['git.tar', 'files.tar'] as const
export type TarName = (typeof TARS)[number]
export const TAR_OF: Readonly<Record<Area, TarName>> = {
  files: 'files.tar',
  dotgit: 'files.tar',
  git: 'git.tar',
  common: 'git.tar',
}

export const entrySchema = z.strictObject({
  area: z.enum(AREAS),
  /** Relative to its area; bytes as latin1 text, because file names need not be UTF-8. */
  path: z.string(),
  type: z.enum(['file', 'symlink', 'directory', 'fifo']),
  /** Permission bits. */
  mode,
  /** Bytes; of a symlink the length of its target, 0 for the rest. */
  size: z.number(),
  /** Seconds. */
  mtime: z.number(),
  /** A `blob` is restored from git's objects as it is, without filters. */
  from: z.enum(['tar', 'blob']),
  /** Of a file's bytes. */
  sha256: z.string().nullable(),
  /** Of a file whose bytes are a pinned blob. */
  oid: oid.nullable(),
  /** Of a symlink, latin1. */
  target: z.string().nullable(),
})

const pinSchema = z.strictObject({ ref: z.string(), oid })

/** All but what has a line for each file. */
export const summarySchema = z.strictObject({
  version: z.literal(1),
  lane: z.strictObject({
    path: z.string(),
    /** Name of the lane's directory in `<common>/worktrees`. */
    admin: z.string(),
    /** The lane's branch and the commit it was at; null when there was no such branch. */
    branch: z.string(),
    branchTip: oid.nullable(),
    /** `ref` is null when HEAD was detached, `oid` when there was no commit yet. */
    head: z.strictObject({ ref: z.string().nullable(), oid: oid.nullable() }),
  }),
  refs: z.array(pinSchema),
  /** Whether the index of the fill is in the archive. Its files are restored unless listed below. */
  fill: z.boolean(),
  /** Permissions of everything that `entries` does not tell, and of the lane's directory itself. */
  modes: z.strictObject({ file: mode, executable: mode, directory: mode, root: mode }),
  leftOut: z.strictObject({
    paths: z.array(z.string()),
    total: z.number(),
    files: z.number(),
    bytes: z.number(),
    counted: z.boolean(),
  }),
  warnings: z.array(z.string()),
  /** What was changed in the lane after its work was handed in: paths as in `entries`. Earlier archives do not say. */
  late: z.array(z.string()).optional(),
  /** What came out of the lane's walls, under the names that it had in the repository. Earlier ones do not say. */
  imports: z.array(pinSchema).optional(),
  counts: z.strictObject({
    /** Files of the lane by how they come back: untouched, from a blob, from the tar. */
    pristine: z.number(),
    blob: z.number(),
    tar: z.number(),
  }),
  tars: z.array(z.strictObject({ name: z.enum(TARS), sha256: z.string(), bytes: z.number() })),
})

export type Entry = Readonly<z.infer<typeof entrySchema>>
export type Pin = Readonly<z.infer<typeof pinSchema>>
export type Summary = Readonly<z.infer<typeof summarySchema>>
export type Tar = Summary['tars'][number]

/** What an archive holds. Written last: where there is a manifest, there is a complete archive. */
export interface Manifest extends Summary {
  readonly entries: readonly Entry[]
  /** Paths of the fill that no longer exist. */
  readonly deleted: readonly string[]
}

/** Makes a file's content, or a directory's names, survive a power cut. */
export async function syncPath(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
