import { sameEntry, type TreeEntry } from '../../board/one-side.ts'
import { gitBytes, gitLine, splitZero } from './git.ts'
import { mergeOnto } from './merge.ts'
import { asText } from './path-bytes.ts'
import type { SharedPlace } from './tree-diff.ts'

/** A file that one side renamed and the other side edited, and what the merge has at the new name. */
export interface Rename {
  readonly source: string
  readonly target: string
  readonly base: TreeEntry
  readonly renamed: TreeEntry
  readonly edited: TreeEntry
  readonly result: TreeEntry
}

/** Sources and targets of the renames that git sees between two commits. */
export async function renamedPaths(
  place: SharedPlace,
  from: string,
  to: string,
): Promise<{ source: string; target: string }[]> {
  const args = ['diff-tree', '-r', '-z', '-M', '--name-status', '--diff-filter=R', from, to, '--']
  const fields = splitZero((await gitBytes({ gitDir: place.commonDir }, args)).stdout)
  const renames: { source: string; target: string }[] = []
  for (let at = 0; at + 2 < fields.length; at += 3)
    renames.push({ source: fields[at + 1] ?? '', target: fields[at + 2] ?? '' })
  return renames
}

/**
 * Those whose result is exactly the three-way merge of base, renamed and edited file. Each file is merged under a
 * name that all three trees have, so that no rename detection takes part; one merge does them all.
 */
export async function carriedEdits(place: SharedPlace, renames: readonly Rename[]): Promise<Rename[]> {
  if (renames.length === 0) return []
  const [base, ours, theirs] = await Promise.all([
    flatTree(
      place,
      renames.map((rename) => rename.base),
    ),
    flatTree(
      place,
      renames.map((rename) => rename.renamed),
    ),
    flatTree(
      place,
      renames.map((rename) => rename.edited),
    ),
  ])
  const merge = await mergeOnto(place, { base, ours, theirs })
  if (merge.kind === 'unknown') return []
  const conflicts = new Set(merge.kind === 'conflict' ? merge.files.map((file) => file.path) : [])
  const merged = await flatEntries(place, merge.tree)
  return renames.filter((rename, index) => {
    const name = String(index)
    return !conflicts.has(name) && sameEntry(merged.get(name) ?? null, rename.result)
  })
}

/** A tree whose files are named by their position. */
async function flatTree(place: SharedPlace, entries: readonly TreeEntry[]): Promise<string> {
  const lines = entries.map(({ mode, object }, index) => {
    const type = mode === '160000' ? 'commit' : 'blob'
    return `${mode} ${type} ${object}\t${index}\0`
  })
  const options = { input: lines.join(''), writes: true }
  return await gitLine({ gitDir: place.commonDir }, ['mktree', '-z', '--missing'], options)
}

async function flatEntries(place: SharedPlace, tree: string): Promise<Map<string, TreeEntry>> {
  const { stdout } = await gitBytes({ gitDir: place.commonDir }, ['ls-tree', '-z', tree])
  return new Map(
    splitZero(stdout).map((line) => {
      const [fields = '', name = ''] = line.split('\t')
      const [mode = '', , object = ''] = fields.split(' ')
      return [asText(name), { mode, object }]
    }),
  )
}
