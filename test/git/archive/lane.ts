import { execFileSync } from 'node:child_process'
import { statSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { ArchiveProblem } from '../../../src/host/archive/compare.ts'
import { type Archive, type ArchiveInput, archiveLane } from '../../../src/host/archive/make.ts'
import { rememberFill } from '../../../src/host/archive/pristine.ts'
import { type Restored, restoreArchive } from '../../../src/host/archive/restore.ts'
import { verifyArchive } from '../../../src/host/archive/verify.ts'
import { registerWorktree, unlockWorktree } from '../../../src/host/git/worktree.ts'
import { laneRepository, type WorkedLane, workedLane } from '../../fixtures/lane-states/worked-lane.ts'
import { plainGit, type TestRepository } from '../../fixtures/repository.ts'

/** A lane made by git itself, with what an archive of it needs to know. */
export interface TestLane extends WorkedLane {
  readonly input: ArchiveInput
  archive(more?: Partial<ArchiveInput>): Promise<Archive>
  verify(): Promise<ArchiveProblem[]>
  /** Removes all that the removal of a lane removes, and everything that git keeps only by chance. */
  remove(): void
  restore(onto?: string): Promise<Restored>
  [Symbol.dispose](): void
}

export const BRANCH = 'task-7-login'

/** `prepare` runs in the repository before the lane is made. */
export async function makeLane(prepare?: (repository: TestRepository) => void): Promise<TestLane> {
  const repository = laneRepository()
  prepare?.(repository)
  const path = join(dirname(repository.root), 'lane')
  repository.git('worktree', 'add', '-q', '--no-track', '-b', BRANCH, path)
  const adminDir = join(repository.gitDir, 'worktrees', 'lane')
  writeIndexLater(path, adminDir)
  await rememberFill({ adminDir })
  return laneAt(repository, path, adminDir)
}

/**
 * As a checkout that takes a while: the index is written when the clock has ticked since the last file. Without it
 * no file of so small a lane could be proven untouched by its times.
 */
function writeIndexLater(path: string, adminDir: string): void {
  const probe = join(adminDir, 'probe')
  const last = statSync(join(path, 'src/deep/er/c.ts')).ctimeMs
  do writeFileSync(probe, '')
  while (statSync(probe).mtimeMs - last < 1)
  unlinkSync(probe)
  plainGit(path, 'update-index', '--force-write-index')
}

function laneAt(repository: TestRepository, path: string, adminDir: string): TestLane {
  const worked = workedLane({ repository, path, adminDir, branch: BRANCH, own: (name) => name })
  const place = {
    commonDir: repository.gitDir,
    directory: join(repository.gitDir, 'worklane', 'archive', '12'),
    refPrefix: 'refs/worklane/archive/12',
  }
  const protect = [repository.git('rev-parse', 'main')]
  const input = { ...place, adminDir, path, branch: BRANCH, keepIgnored: ['.env'], protect }
  return {
    ...worked,
    input,
    archive: async (more = {}) => await archiveLane({ ...input, ...more }),
    verify: async () => await verifyArchive(place),
    remove() {
      execFileSync('rm', ['-rf', path, adminDir])
      for (const branch of [BRANCH]) repository.git('update-ref', '-d', `refs/heads/${branch}`)
      repository.git('reflog', 'expire', '--expire=now', '--expire-unreachable=now', '--all')
      // What gc does to refs and to objects that nothing reaches, without its repacking.
      repository.git('pack-refs', '--all')
      repository.git('prune', '--expire=now')
    },
    async restore(onto) {
      const worktree = { commonDir: repository.gitDir, admin: 'lane', path, branch: BRANCH }
      await registerWorktree(worktree)
      const { commonDir, directory } = place
      const restored = await restoreArchive({
        commonDir,
        directory,
        adminDir,
        path,
        ...(onto === undefined ? {} : { onto }),
      })
      await unlockWorktree(worktree)
      return restored
    },
    [Symbol.dispose]() {
      execFileSync('rm', ['-rf', dirname(repository.root)])
      repository[Symbol.dispose]()
    },
  }
}
