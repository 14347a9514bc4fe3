import type { TreeEntry } from '../../board/one-side.ts'

/**
 * Records of `<number of paths> NUL <path> NUL … <kind> NUL <message> NUL`; the message may change, the kind not
 * (git-merge-tree(1), informational messages). Answers the first kind of conflict of each path.
 */
export function readConflictKinds(fields: readonly string[]): Map<string, string> {
  const kinds = new Map<string, string>()
  for (let at = 0; at + 1 < fields.length; ) {
    const end = at + 1 + Number(fields[at])
    const kind = fields[end] ?? ''
    for (const path of fields.slice(at + 1, end))
      if (kind.startsWith('CONFLICT') && !kinds.has(path)) kinds.set(path, kind)
    at = end + 2
  }
  return kinds
}

/**
 * Where a directory is in a file's way, git keeps the file beside it, as `path~<commit>` (git: merge-ort.c,
 * unique_path). Nobody has it under that name.
 */
export function nameInLanes(path: string, kind: string): string {
  return kind.startsWith('CONFLICT (file/directory)') ? path.replace(/~[0-9a-f]{40,64}(_\d+)?$/, '') : path
}

/** What git kept of a conflicted path from the base (1), ours (2) or theirs (3). */
export interface Stage extends TreeEntry {
  readonly stage: 1 | 2 | 3
}

export interface StagedFile {
  /** Bytes as latin1 text (path-bytes.ts). */
  readonly path: string
  /** Git's own stable word for it. */
  readonly kind: string
  readonly stages: readonly Stage[]
}

/** A clean merge has no files; a conflict may have none either. */
export interface MergeRecord {
  readonly clean: boolean
  readonly tree: string
  readonly files: readonly StagedFile[]
}

/**
 * The answers of `merge-tree --write-tree --stdin -z --messages`, in the order of the input, as far as they are
 * complete: `1` for clean or `0`, the tree, the conflicted entries, an empty field, messages, an empty field.
 */
export function readMergeRecords(stdout: string): MergeRecord[] {
  // What follows the last NUL is the end, or half a field of a git that was killed.
  const fields = stdout.split('\0').slice(0, -1)
  const records: MergeRecord[] = []
  for (let at = 0; at < fields.length; ) {
    const messages = fields.indexOf('', at + 2) + 1
    const end = endOfMessages(fields, messages)
    if (messages === 0 || end >= fields.length) break
    const entries = fields.slice(at + 2, messages - 1)
    const files = stagedFiles(entries, readConflictKinds(fields.slice(messages, end)))
    const [status, tree = ''] = fields.slice(at, at + 2)
    if (!/^[01]$/.test(status ?? '') || !/^[0-9a-f]{40,64}$/.test(tree)) break
    records.push({ clean: status === '1', tree, files: status === '1' ? [] : files })
    at = end + 1
  }
  return records
}

/**
 * Where the field is that closes them: an empty one, or advice about submodules, which git prints as plain text with
 * the NUL of the end after it (seen in git 2.39). A message itself may be empty.
 */
function endOfMessages(fields: readonly string[], from: number): number {
  let at = from
  while (/^\d+$/.test(fields[at] ?? '')) at += Number(fields[at]) + 3
  return at
}

function stagedFiles(entries: readonly string[], kinds: ReadonlyMap<string, string>): StagedFile[] {
  const stages = new Map<string, Stage[]>()
  for (const entry of entries) {
    const tab = entry.indexOf('\t')
    const [mode = '', object = '', stage] = entry.slice(0, tab).split(' ')
    const path = entry.slice(tab + 1)
    const known = stages.get(path) ?? []
    stages.set(path, [...known, { stage: stage === '1' ? 1 : stage === '2' ? 2 : 3, mode, object }])
  }
  const paths = stages.size > 0 ? stages.keys() : kinds.keys()
  return [...paths].map((path) => {
    const kind = kinds.get(path) ?? 'CONFLICT'
    return { path: nameInLanes(path, kind), kind, stages: stages.get(path) ?? [] }
  })
}
