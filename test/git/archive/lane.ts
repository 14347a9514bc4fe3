import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { ArchiveProblem } from '../../../src/host/archive/compare.ts'
import { type Archive, type ArchiveInput, archiveLane } from '../../../src/host/archive/make.ts'
import { rememberFill } from '../../../src/host/archive/pristine.ts'
import { type Restored, restoreArchive } from '../../../src/host/archive/restore.ts'
import { verifyArchive } from '../../../src/host/archive/verify.ts'
import { registerWorktree, unlockWorktree } from '../../../src/host/git/worktree.ts'
import { makeRepository, plainGit, type TestRepository } from '../../fixtures/repository.ts'

/** A lane made by git itself, with what an archive of it needs to know. */
export interface TestLane {
  readonly repository: TestRepository
  readonly path: string
  readonly adminDir: string
  readonly input: ArchiveInput
  git(...args: string[]): string
  /** For commands that stop halfway on purpose. */
  tryGit(...args: string[]): void
  write(path: string, content: string | Buffer): void
  at(path: string): string
  archive(more?: Partial<ArchiveInput>): Promise<Archive>
  verify(): Promise<ArchiveProblem[]>
  /** Removes all that the removal of a lane removes, and everything that git keeps only by chance. */
  remove(): void
  restore(onto?: string): Promise<Restored>
  [Symbol.dispose](): void
}

export const BRANCH = 'task-7-login'

const FILES: Record<string, string> = {
  '.gitignore': '*.log\nnode_modules/\n.env\nsecret.*\n.claude/\n',
  'README.md': '# Test\n',
  'src/a.ts': 'export const a = 1\n',
  'src/b.ts': 'export const b = 2\n',
  'src/deep/er/c.ts': 'export const c = 3\n',
  'docs/guide.md': 'one\ntwo\nthree\nfour\nfive\n',
  'run.sh': '#!/bin/sh\necho run\n',
}

/** `prepare` runs in the repository before the lane is made. */
export async function makeLane(prepare?: (repository: TestRepository) => void): Promise<TestLane> {
  const repository = makeRepository(FILES)
  repository.git('update-index', '--chmod=+x', 'run.sh')
  repository.git('commit', '-qm', 'executable')
  repository.git('checkout', '-q', '--', '.')
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
  const git = (...args: string[]): string => plainGit(path, ...args)
  const place = {
    commonDir: repository.gitDir,
    directory: join(repository.gitDir, 'worklane', 'archive', '12'),
    refPrefix: 'refs/worklane/archive/12',
  }
  const protect = [repository.git('rev-parse', 'main')]
  const input = { ...place, adminDir, path, branch: BRANCH, keepIgnored: ['.env'], protect }
  const at = (name: string): string => join(path, name)
  return {
    repository,
    path,
    adminDir,
    input,
    git,
    at,
    tryGit(...args) {
      try {
        git(...args)
      } catch {
        // It stopped halfway, as wanted.
      }
    },
    write(name, content) {
      mkdirSync(dirname(at(name)), { recursive: true })
      writeFileSync(at(name), content)
    },
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

/** Everything that can be told of a directory, byte for byte; a changed byte changes a line. */
export function files(root: string, skip: readonly string[] = []): string[] {
  const lines: string[] = []
  const look = (path: string): void => {
    for (const name of readdirSync(Buffer.from(join(root, path), 'latin1'), { encoding: 'latin1' }).sort()) {
      const below = path === '' ? name : `${path}/${name}`
      if (below === '.git' || skip.some((one) => below === one || below.startsWith(`${one}/`))) continue
      const place = Buffer.from(join(root, below), 'latin1')
      const stat = lstatSync(place)
      const mode = stat.mode.toString(8)
      if (stat.isDirectory()) {
        lines.push(`${mode} ${below}/`)
        look(below)
      } else if (stat.isSymbolicLink()) lines.push(`${mode} ${below} -> ${readlinkSync(place, 'latin1')}`)
      else if (stat.isFile())
        lines.push(
          `${mode} ${below} ${stat.nlink} ${stat.mtimeMs.toFixed(1)} ${createHash('sha256').update(readFileSync(place)).digest('hex')}`,
        )
      else lines.push(`${mode} ${below}`)
    }
  }
  look('')
  return lines
}

const ASKED: readonly (readonly string[])[] = [
  ['status', '--porcelain=v2', '--branch', '-z', '--untracked-files=all'],
  ['ls-files', '--stage', '-v', '-z'],
  ['ls-files', '--resolve-undo', '-z'],
  ['diff', '--cached', '--binary', '--no-color'],
  ['log', '-g', '--format=%H %T %gs', 'HEAD'],
]

/** What a person and what git would see of a lane. */
export function portrait(lane: TestLane, skip: readonly string[] = []): Record<string, string | string[]> {
  const answers: Record<string, string | string[]> = { files: files(lane.path, skip) }
  for (const args of ASKED) {
    let answer: string
    try {
      answer = execFileSync('git', [...args], {
        cwd: lane.path,
        encoding: 'latin1',
        stdio: ['ignore', 'pipe', 'ignore'],
      })
    } catch (error) {
      answer = `exit ${String((error as { status: number }).status)}`
    }
    answers[args.join(' ')] = answer
  }
  // HEAD, reflogs, worktree refs, the state of a rebase; not what differs by being there again.
  answers.administration = files(lane.adminDir).filter(
    (line) => !/\/$|^\d+ (index|sharedindex\.\w+|gitdir|commondir|locked|modules\/.*) /.test(line),
  )
  return answers
}

/** All objects of a repository, with what is in them, as one text. */
export function everyObject(repository: TestRepository): string {
  return execFileSync('git', ['cat-file', '--batch-all-objects', '--batch', '--unordered'], {
    cwd: repository.root,
    encoding: 'latin1',
    maxBuffer: 1 << 28,
  })
}
