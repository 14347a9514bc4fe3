import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { TestRepository } from '../../fixtures/repository.ts'
import { plainGit } from '../../fixtures/repository.ts'
import { BRANCH, type TestLane } from './lane.ts'

/** A condition that a lane can be in when it is archived. */
export interface LaneState {
  readonly name: string
  prepare?(repository: TestRepository): void
  bring(lane: TestLane): void
  /** Ignored on purpose, so not expected back. */
  readonly leftOut?: readonly string[]
  /** What must work in the restored lane. */
  after?(lane: TestLane): void
}

const conflict = (lane: TestLane, theirs = 'other'): void => {
  lane.git('checkout', '-q', '-b', theirs)
  lane.write('docs/guide.md', 'one\nTHEIRS\nthree\nfour\nfive\n')
  lane.git('commit', '-qam', 'theirs')
  lane.git('checkout', '-q', BRANCH)
  lane.write('docs/guide.md', 'one\nOURS\nthree\nfour\nfive\n')
  lane.git('commit', '-qam', 'ours')
  lane.write('src/a.ts', 'export const a = 11\n')
  lane.git('commit', '-qam', 'ours too')
}

const resolve = (lane: TestLane): void => {
  lane.write('docs/guide.md', 'one\nBOTH\nthree\nfour\nfive\n')
  lane.git('add', 'docs/guide.md')
}

const expect = (condition: boolean, what: string): void => {
  if (!condition) throw new Error(what)
}

export const STATES: readonly LaneState[] = [
  { name: 'clean', bring: () => {} },
  {
    name: 'staged, unstaged, untracked, deleted, renamed',
    bring(lane) {
      lane.write('src/a.ts', 'export const a = "staged"\n')
      lane.git('add', 'src/a.ts')
      lane.write('src/a.ts', 'export const a = "and changed again"\n')
      lane.write('src/b.ts', 'export const b = "unstaged"\n')
      lane.write('new/in/here.txt', 'untracked\n')
      lane.write('only-staged.txt', 'in the index alone\n')
      lane.git('add', 'only-staged.txt')
      unlinkSync(lane.at('only-staged.txt'))
      lane.git('rm', '-q', 'README.md')
      unlinkSync(lane.at('src/deep/er/c.ts'))
      lane.git('mv', 'docs/guide.md', 'docs/renamed.md')
    },
  },
  {
    name: 'commits, touched and rewritten files',
    bring(lane) {
      lane.write('src/a.ts', 'export const a = "committed"\n')
      lane.write('src/new.ts', 'export const n = 1\n')
      lane.git('add', '-A')
      lane.git('commit', '-qm', 'work')
      lane.write('src/b.ts', 'export const b = 2\n')
      utimesSync(lane.at('docs/guide.md'), 1_600_000_000, 1_600_000_000.5)
    },
  },
  {
    name: 'same size, same mtime, other bytes',
    bring(lane) {
      execFileSync('touch', ['-r', lane.at('src/a.ts'), join(lane.adminDir, 'reference')])
      lane.write('src/a.ts', 'export const a = 9\n')
      execFileSync('touch', ['-r', join(lane.adminDir, 'reference'), lane.at('src/a.ts')])
    },
  },
  {
    name: 'ignored: some kept, the rest left out',
    leftOut: ['node_modules', 'build.log', 'src/trace.log'],
    bring(lane) {
      lane.write('.env', 'KEY=1\n')
      lane.write('app/web/.env', 'KEY=2\n')
      lane.write('node_modules/x/index.js', 'x\n')
      lane.write('build.log', 'log\n')
      lane.write('src/trace.log', 'log\n')
    },
  },
  {
    name: 'line endings converted by attributes',
    prepare(repository) {
      repository.commit('attributes', {
        '.gitattributes': '* text=auto\n*.bat text eol=crlf\n*.id ident\n',
        'win.bat': 'echo 1\necho 2\n',
        'other.bat': 'echo\n',
        'x.id': '$Id$\n',
      })
    },
    bring(lane) {
      expect(readFileSync(lane.at('win.bat'), 'latin1').includes('\r\n'), 'no CRLF to test')
      lane.write('other.bat', 'echo changed\nmixed\r\n')
      lane.write('src/a.ts', 'crlf\r\nlf\n')
      lane.git('add', 'src/a.ts')
    },
  },
  {
    name: 'a filter that changes content',
    prepare(repository) {
      repository.git('config', 'filter.rot.smudge', 'tr a-z b-za')
      repository.git('config', 'filter.rot.clean', 'tr b-za a-z')
      repository.commit('attributes', {
        '.gitattributes': '*.rot filter=rot\n',
        'x.rot': 'abc\n',
        'y.rot': 'def\n',
      })
    },
    bring(lane) {
      expect(
        readFileSync(lane.at('x.rot'), 'latin1') !== readFileSync(lane.at('src/a.ts'), 'latin1'),
        'no filter',
      )
      lane.write('y.rot', 'changed\n')
    },
  },
  {
    name: 'modes of files and directories',
    bring(lane) {
      chmodSync(lane.at('src/a.ts'), 0o600)
      chmodSync(lane.at('src/b.ts'), 0o755)
      chmodSync(lane.at('run.sh'), 0o700)
      lane.write('bin/tool', '#!/bin/sh\n')
      chmodSync(lane.at('bin/tool'), 0o4711)
      chmodSync(lane.at('docs'), 0o700)
      chmodSync(lane.at('src/deep'), 0o2775)
      lane.write('locked/inside.txt', 'x\n')
      chmodSync(lane.at('locked/inside.txt'), 0o400)
      chmodSync(lane.at('locked'), 0o555)
      chmodSync(lane.path, 0o750)
    },
  },
  {
    name: 'empty directories, fifo, hard links, sparse and large files',
    bring(lane) {
      mkdirSync(lane.at('empty/within/empty'), { recursive: true })
      mkdirSync(lane.at('src/hollow'))
      execFileSync('mkfifo', ['-m', '640', lane.at('pipe')])
      lane.write('one', 'linked\n')
      linkSync(lane.at('one'), lane.at('two'))
      lane.git('add', 'two')
      linkSync(lane.at('README.md'), lane.at('README.too'))
      lane.write('sparse', 'x')
      truncateSync(lane.at('sparse'), 3_000_000)
      lane.write('large', Buffer.alloc(2_500_001, 'large file '))
    },
  },
  {
    name: 'symbolic links, and kinds that changed places',
    prepare(repository) {
      symlinkSync('a.ts', join(repository.root, 'src/link'))
      symlinkSync('b.ts', join(repository.root, 'src/turned'))
      repository.commit('links')
    },
    bring(lane) {
      symlinkSync('/nowhere/at/all', lane.at('dangling'))
      symlinkSync('../../../..', lane.at('src/up'))
      symlinkSync('src', lane.at('directory-link'))
      rmSync(lane.at('src/turned'))
      lane.write('src/turned', 'a file now\n')
      rmSync(lane.at('docs'), { recursive: true })
      symlinkSync('src', lane.at('docs'))
      rmSync(lane.at('README.md'))
      lane.write('README.md/inside', 'a directory now\n')
    },
  },
  {
    name: 'names that are not UTF-8, and other names',
    bring(lane) {
      const odd = [
        'caf\xe9/\xff\xfe.txt',
        'new\nline',
        '-rf',
        ' space ',
        'back\\slash',
        ':(top)',
        '*glob?',
        'tab\t"q"',
        '#x',
      ]
      const add = (name: string): void => {
        const path = Buffer.from(`${lane.path}/${name}`, 'latin1')
        if (name.includes('/')) mkdirSync(Buffer.from(`${lane.path}/caf\xe9`, 'latin1'))
        writeFileSync(path, `${name}\n`)
      }
      for (const name of odd) add(name)
      lane.write('größe/日本.txt', 'utf-8\n')
      symlinkSync(Buffer.from('caf\xe9', 'latin1'), lane.at('to'))
      execFileSync('git', ['add', '.'], { cwd: lane.path })
      writeFileSync(Buffer.from(`${lane.path}/caf\xe9/\xff\xfe.txt`, 'latin1'), 'changed\n')
      for (const name of [':(exclude)x', ':!y', 'untracked\xe9\n', '!z']) add(name)
    },
  },
  {
    name: 'detached HEAD with commits, some of them amended away',
    bring(lane) {
      lane.git('checkout', '-q', '--detach')
      lane.write('src/a.ts', 'first try\n')
      lane.git('commit', '-qam', 'first try')
      lane.write('src/a.ts', 'second try\n')
      lane.git('commit', '-q', '--amend', '-am', 'second try')
      lane.git('reset', '-q', '--hard', 'HEAD~1')
    },
    after(lane) {
      expect(lane.git('show', 'HEAD@{1}:src/a.ts') === 'second try', 'the reset commit is gone')
      expect(lane.git('show', 'HEAD@{2}:src/a.ts') === 'first try', 'the amended commit is gone')
    },
  },
  {
    name: 'reset branch: its reflog',
    bring(lane) {
      lane.write('src/a.ts', 'lost\n')
      lane.git('commit', '-qam', 'lost')
      lane.git('reset', '-q', '--hard', 'HEAD~1')
    },
    after(lane) {
      expect(lane.git('show', `${BRANCH}@{1}:src/a.ts`) === 'lost', 'the branch has no reflog')
    },
  },
  {
    name: 'mid-rebase, with an autostash',
    bring(lane) {
      conflict(lane)
      lane.write('run.sh', '#!/bin/sh\necho dirty\n')
      lane.tryGit('rebase', '-q', '--autostash', 'other')
      expect(lane.git('status').includes('rebase'), 'no rebase')
    },
    after(lane) {
      resolve(lane)
      lane.git('-c', 'core.editor=true', 'rebase', '--continue')
      expect(lane.git('symbolic-ref', '--short', 'HEAD') === BRANCH, 'not on the branch')
      expect(lane.git('log', '-1', '--format=%s') === 'ours too', 'not all commits')
      expect(readFileSync(lane.at('run.sh'), 'latin1').includes('dirty'), 'autostash is gone')
    },
  },
  {
    name: 'mid-merge with an unmerged index',
    bring(lane) {
      conflict(lane)
      lane.tryGit('merge', '-q', 'other')
      expect(lane.git('ls-files', '-u') !== '', 'no conflict')
    },
    after(lane) {
      resolve(lane)
      lane.git('commit', '-qm', 'merged')
      expect(lane.git('rev-list', '--parents', '-1', 'HEAD').split(' ').length === 3, 'not a merge')
    },
  },
  {
    name: 'resolved conflict, its sides kept by the index alone',
    bring(lane) {
      // By hand, so that no commit has them.
      const stages = ['base', 'OURS', 'THEIRS'].map((text, n) => {
        lane.write('side', `${text}\n`)
        return `100644 ${lane.git('hash-object', '-w', 'side')} ${n + 1}\tdocs/guide.md\n`
      })
      unlinkSync(lane.at('side'))
      const input = `0 ${'0'.repeat(40)}\tdocs/guide.md\n${stages.join('')}`
      execFileSync('git', ['update-index', '--index-info'], { cwd: lane.path, input })
      resolve(lane)
    },
    after(lane) {
      lane.git('checkout', '-m', '--', 'docs/guide.md')
      expect(readFileSync(lane.at('docs/guide.md'), 'latin1').includes('THEIRS'), 'the conflict is gone')
    },
  },
  {
    name: 'mid-bisect',
    bring(lane) {
      for (const n of [1, 2, 3, 4]) {
        lane.write('src/a.ts', `${n}\n`)
        lane.git('commit', '-qam', `${n}`)
      }
      lane.git('bisect', 'start', 'HEAD', 'HEAD~4')
    },
    after(lane) {
      lane.git('bisect', 'good')
      lane.git('bisect', 'reset')
      expect(lane.git('symbolic-ref', '--short', 'HEAD') === BRANCH, 'not back on the branch')
    },
  },
  {
    name: 'mid-cherry-pick, several to go',
    bring(lane) {
      conflict(lane)
      lane.git('checkout', '-q', 'other')
      lane.write('src/b.ts', 'next\n')
      lane.git('commit', '-qam', 'next')
      lane.git('checkout', '-q', BRANCH)
      lane.tryGit('cherry-pick', 'other~1', 'other')
      lane.git('branch', '-qD', 'other')
    },
    after(lane) {
      resolve(lane)
      lane.git('-c', 'core.editor=true', 'cherry-pick', '--continue')
      expect(lane.git('log', '-1', '--format=%s') === 'next', 'the second commit is missing')
    },
  },
  {
    name: 'mid-revert',
    bring(lane) {
      conflict(lane)
      lane.write('docs/guide.md', 'one\nLATER\nthree\nfour\nfive\n')
      lane.git('commit', '-qam', 'later')
      lane.tryGit('revert', 'HEAD~2')
    },
    after: (lane) => lane.git('revert', '--abort'),
  },
  {
    name: 'extra branches, a renamed one, tags, stash',
    bring(lane) {
      lane.git('branch', 'extra')
      lane.write('src/a.ts', 'stashed\n')
      lane.git('stash', 'push', '-q', '-m', 'kept aside')
      lane.write('src/b.ts', 'tagged\n')
      lane.git('commit', '-qam', 'tagged')
      lane.git('tag', '-a', '-m', 'note', 'noted')
      lane.git('branch', '-m', 'renamed')
    },
    after(lane) {
      expect(lane.git('symbolic-ref', '--short', 'HEAD') === 'renamed', 'not on the renamed branch')
    },
  },
  {
    name: 'an unborn branch',
    bring(lane) {
      lane.git('checkout', '-q', '--orphan', 'fresh')
      lane.write('src/a.ts', 'orphan\n')
      lane.git('add', 'src/a.ts')
    },
  },
  {
    name: 'a nested repository with work of its own',
    bring(lane) {
      mkdirSync(lane.at('vendor/lib'), { recursive: true })
      plainGit(lane.at('vendor/lib'), 'init', '-q')
      lane.write('vendor/lib/.gitignore', '*.o\n')
      lane.write('vendor/lib/x.o', 'object\n')
      lane.write('vendor/lib/build.log', 'ignored outside, not here\n')
      plainGit(lane.at('vendor/lib'), 'add', '-A')
      plainGit(lane.at('vendor/lib'), 'commit', '-qm', 'inner')
      lane.write('vendor/lib/dirty.txt', 'x\n')
      // A repository is work, even in an ignored directory.
      mkdirSync(lane.at('.claude'))
      plainGit(lane.at('.claude'), 'init', '-q')
      lane.write('.claude/notes', 'x\n')
      // And where tracked files are.
      plainGit(lane.at('src'), 'init', '-q')
      lane.write('src/trace.log', 'kept\n')
    },
    after(lane) {
      expect(plainGit(lane.at('vendor/lib'), 'log', '--format=%s') === 'inner', 'inner commit is gone')
    },
  },
  {
    name: 'a submodule with commits',
    prepare(repository) {
      const source = join(repository.root, '..', 'source')
      mkdirSync(source)
      plainGit(source, 'init', '-q')
      writeFileSync(join(source, 'f'), 'f\n')
      plainGit(source, 'add', '-A')
      plainGit(source, 'commit', '-qm', 'sub')
      repository.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', source, 'sub')
      repository.commit('submodule')
    },
    bring(lane) {
      lane.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'update', '--init')
      lane.write('sub/f', 'changed\n')
      plainGit(lane.at('sub'), 'commit', '-qam', 'work in sub')
      lane.write('sub/g', 'dirty\n')
    },
    after(lane) {
      expect(plainGit(lane.at('sub'), 'log', '-1', '--format=%s') === 'work in sub', 'sub commit is gone')
      expect(plainGit(lane.at('sub'), 'status', '--porcelain') === '?? g', 'sub status differs')
    },
  },
  {
    name: 'a submodule that was never filled',
    prepare(repository) {
      const head = repository.git('rev-parse', 'HEAD')
      repository.git('update-index', '--add', '--cacheinfo', `160000,${head},sub`)
      repository.git('commit', '-qm', 'gitlink')
    },
    bring: (lane) => lane.write('new', 'x\n'),
  },
  {
    name: 'a worktree of its own inside the lane, ignored',
    bring(lane) {
      lane.git('worktree', 'add', '-q', '--detach', '.claude/worktrees/inner')
      lane.write('.claude/worktrees/inner/src/a.ts', 'inner work\n')
      plainGit(lane.at('.claude/worktrees/inner'), 'commit', '-qam', 'inner commit')
      lane.write('.claude/worktrees/inner/dirty.txt', 'x\n')
    },
    after(lane) {
      const inner = lane.at('.claude/worktrees/inner')
      expect(plainGit(inner, 'log', '-1', '--format=%s') === 'inner commit', 'inner commit is gone')
    },
  },
  {
    name: 'intent-to-add, assume-unchanged, skip-worktree',
    bring(lane) {
      lane.write('later.txt', 'later\n')
      lane.write('later-empty.txt', '')
      lane.git('add', '-N', 'later.txt', 'later-empty.txt')
      lane.git('update-index', '--assume-unchanged', 'src/a.ts')
      lane.write('src/a.ts', 'hidden change\n')
      lane.git('update-index', '--skip-worktree', 'src/b.ts', 'README.md')
      lane.write('src/b.ts', 'skipped change\n')
      unlinkSync(lane.at('README.md'))
    },
  },
  {
    name: 'a commit that was given up: trees kept by the index alone',
    bring(lane) {
      lane.write('src/deep/er/c.ts', 'about to commit\n')
      lane.git('add', '-A')
      lane.git('write-tree')
    },
    after: (lane) => lane.git('fsck', '--no-dangling', '--no-progress'),
  },
  {
    name: 'index of version 4',
    prepare: (repository) => repository.git('config', 'index.version', '4'),
    bring(lane) {
      lane.git('update-index', '--index-version', '4')
      lane.write('src/a.ts', 'x\n')
      lane.git('add', 'src/a.ts')
    },
  },
  {
    name: 'split index',
    bring(lane) {
      lane.git('update-index', '--split-index')
      lane.write('src/a.ts', 'x\n')
      lane.write('src/new.ts', 'new\n')
      lane.git('add', '-A')
      unlinkSync(lane.at('src/new.ts'))
    },
  },
  {
    name: 'sparse checkout with a sparse index',
    bring(lane) {
      lane.git('sparse-checkout', 'set', '--cone', '--sparse-index', 'docs')
      lane.write('docs/guide.md', 'changed\n')
    },
  },
  {
    name: 'files too young for their times to prove anything',
    bring(lane) {
      writeFileSync(join(lane.adminDir, 'worklane-fill.json'), '{"raw":true,"writtenAt":0}')
      lane.write('src/a.ts', 'x\n')
    },
  },
  {
    name: 'nothing remembered of the fill',
    bring(lane) {
      rmSync(join(lane.adminDir, 'worklane-fill'))
      lane.write('src/a.ts', 'x\n')
    },
  },
  {
    name: 'a damaged index',
    bring(lane) {
      lane.write('src/a.ts', 'x\n')
      writeFileSync(join(lane.adminDir, 'index'), 'DIRC, but not really')
    },
  },
  {
    name: 'the whole content moved away',
    bring(lane) {
      renameSync(lane.at('src'), lane.at('lib'))
      rmSync(lane.at('docs'), { recursive: true })
    },
  },
]
