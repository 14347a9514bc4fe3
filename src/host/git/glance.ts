import { statSync } from 'node:fs'
import { join } from 'node:path'

/** Changes when the branch does, without starting git: the ref as a file, or all refs that are packed. */
export function glanceAtBranch(commonDir: string, branch: string): string {
  return [join('refs', 'heads', branch), 'packed-refs']
    .map((name) => statSync(join(commonDir, name), { bigint: true, throwIfNoEntry: false }))
    .map((stat) => (stat === undefined ? '' : `${stat.ino} ${stat.mtimeNs}`))
    .join('|')
}
