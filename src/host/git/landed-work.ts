import { git, splitZero } from './git.ts'
import { mergeBases } from './merge.ts'
import type { SharedPlace } from './tree-diff.ts'

/** A step of base, and the task whose landing it was; null: somebody's own commit. */
export interface LandedStep {
  readonly commit: string
  readonly subject: string
  readonly task: number | null
}

export interface LandedWork {
  /** Newest first. */
  readonly steps: readonly LandedStep[]
  /** What base changed in the files, as a patch. */
  readonly patch: string
}

const MOST_STEPS = 20
/** Bytes; a larger patch would not be shown anyway. */
const LARGEST = 4 * 1024 * 1024

/** What base did to these files since a lane's commit left it. Reads commits only. */
export async function landedWork(
  place: SharedPlace,
  { base, lane, files }: { readonly base: string; readonly lane: string; readonly files: readonly string[] },
): Promise<LandedWork> {
  const [from] = await mergeBases(place, base, lane)
  if (from === undefined || files.length === 0) return { steps: [], patch: '' }
  const options = { env: { GIT_LITERAL_PATHSPECS: '1' }, mostBytes: LARGEST }
  const at = { gitDir: place.commonDir }
  const format = '--format=%H%x1f%s%x1f%(trailers:key=Worklane-Task,valueonly,separator=%x2C)'
  const log = ['log', '--first-parent', '-z', format, `--max-count=${MOST_STEPS}`, `${from}..${base}`, '--']
  const diff = ['diff', '--no-ext-diff', '--no-textconv', '--no-renames', from, base, '--']
  const [said, patch] = await Promise.all([
    git(at, [...log, ...files], options),
    git(at, [...diff, ...files], options),
  ])
  return { steps: splitZero(said.stdout).map(readStep), patch: patch.stdout }
}

function readStep(line: string): LandedStep {
  const [commit = '', subject = '', task = ''] = line.split('\u001f')
  return { commit, subject, task: /^\d+$/.test(task.trim()) ? Number(task) : null }
}
