import { execFileSync } from 'node:child_process'
import { statfsSync } from 'node:fs'
import { availableParallelism, release, tmpdir, totalmem, type } from 'node:os'

/** Magic numbers of statfs(2). */
const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  61267: 'ext4',
  16914836: 'tmpfs',
  2435016766: 'btrfs',
  1481003842: 'xfs',
  2035054128: 'overlayfs',
}

export function fileSystemOf(path: string): string {
  return FILE_SYSTEMS[statfsSync(path).type] ?? 'another file system'
}

/** The machine in general terms: what figures depend on, and nothing that tells whose it is. */
export function describeMachine(): string {
  const git = execFileSync('git', ['--version'], { encoding: 'utf8' }).trim()
  const kernel = `${type()} ${/^\d+\.\d+/.exec(release())?.[0] ?? release()}`
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  const cores = `${availableParallelism()} cores`
  return [cores, memory, kernel, git, `Node ${process.versions.node}`, `${fileSystemOf(tmpdir())}`].join(', ')
}
