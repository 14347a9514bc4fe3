import type { WeighedArchive } from '../engine/lanes/archives.ts'

/** An archive as every door shows it. */
export interface ArchiveView {
  readonly id: number
  readonly task: number
  readonly subject: string
  readonly createdAt: string
  /** Of its tars; what git keeps of it is in git's objects. */
  readonly bytes: number
  /** How many files of the lane come back otherwise than by a plain checkout. */
  readonly files: number
  readonly branch: string
  /** Whether base has all its commits and its task has landed. */
  readonly landed: boolean
  /** Why not; null when it is so. */
  readonly unlanded: string | null
  readonly directory: string
}

export function viewArchive(archive: WeighedArchive): ArchiveView {
  const { id, taskId, subject, createdAt, bytes, files, branch, unlanded, directory } = archive
  return {
    id,
    task: taskId,
    subject,
    createdAt: new Date(createdAt).toISOString(),
    bytes,
    files,
    branch,
    landed: unlanded === null,
    unlanded,
    directory,
  }
}
