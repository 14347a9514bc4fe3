import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { lockIndex } from '../../src/host/git/hand-back.ts'
import { plainGit } from '../fixtures/repository.ts'
import { walledLane } from '../fixtures/walled-lane.ts'

test('what is committed inside comes back, and git on the host finds the lane clean', async () => {
  using lane = await walledLane()
  lane.inside('echo new > new.txt; git add new.txt; git commit -qm "Add new.txt"; git status --porcelain')
  const refs = await lane.import()
  const head = refs.get('refs/worklane/1/1/head') ?? ''
  expect(await lane.handBack(head)).toBe(true)
  const { repository, path } = lane
  expect(plainGit(path, '-c', `safe.directory=${path}`, 'status', '--porcelain=v2', '--branch')).toContain(
    `# branch.oid ${head}`,
  )
  expect(plainGit(path, 'status', '--porcelain')).toBe('')
  expect(repository.git('show', 'task/1-x:new.txt')).toBe('new')
  expect(repository.git('fsck', '--strict')).toBe('')
})

test('renamed and new branches, a stash, tags, notes and amended commits are kept', async () => {
  using lane = await walledLane()
  lane.inside(`echo 1 >> README.md; git commit -qam one; git commit -q --amend -m "one again"
    git branch -m task/1-renamed; git branch other; git tag -a v1 -m v1; git notes add -m note
    echo 2 >> README.md; git stash -q; echo 3 >> README.md; git stash -q
    git checkout -q --detach; echo 4 >> README.md; git commit -qam four; git checkout -q task/1-renamed`)
  const refs = await lane.import()
  const names = [...refs.keys()].map((name) => name.slice('refs/worklane/1/1/'.length))
  expect(names).toEqual(
    expect.arrayContaining([
      'head',
      'refs/heads/task/1-renamed',
      'refs/heads/other',
      'refs/tags/v1',
      'refs/stash',
      'refs/notes/commits',
    ]),
  )
  const { git } = lane.repository
  const kept = names.map((name) => git('log', '-1', '--format=%s', `refs/worklane/1/1/${name}`))
  expect(kept).toEqual(expect.arrayContaining(['one', 'one again', 'four']))
  const stashes = kept.filter((subject) => /^(WIP|On) /.test(subject))
  expect(stashes).toHaveLength(2)
})

test('a person who commits in the lane meanwhile loses nothing: it is not handed back', async () => {
  using lane = await walledLane()
  lane.inside('echo agent > agent.txt; git add .; git commit -qm agent')
  const { path } = lane
  execFileSync('git', [
    '-C',
    path,
    '-c',
    'core.hooksPath=/dev/null',
    'commit',
    '-q',
    '--allow-empty',
    '-m',
    'person',
  ])
  const refs = await lane.import()
  expect(await lane.handBack(refs.get('refs/worklane/1/1/head') ?? '')).toBe(false)
  expect(plainGit(path, 'log', '-1', '--format=%s')).toBe('person')
})

test('a lock that a killed process of ours left is taken away, and never one of a person', async () => {
  using lane = await walledLane()
  lane.inside('git commit -q --allow-empty -m x')
  const head = (await lane.import()).get('refs/worklane/1/1/head') ?? ''
  const lock = join(lane.adminDir, 'index.lock')
  writeFileSync(lock, '')
  expect(await lane.handBack(head)).toBe(false)
  expect(existsSync(lock)).toBe(true)
  rmSync(lock)
  // Killed: nobody unlocks.
  await (await lockIndex(lane.adminDir))?.close()
  expect(existsSync(lock)).toBe(true)
  expect(await lane.handBack(head)).toBe(true)
  expect(readdirSync(lane.adminDir).filter((name) => name.includes('lock'))).toEqual([])
})

test('an index that is not exactly the commit is made anew', async () => {
  using lane = await walledLane({ a: 'a\n', b: 'b\n' })
  lane.inside(
    'git commit -q --allow-empty -m x; echo staged > a; git add a; git update-index --assume-unchanged b',
  )
  const refs = await lane.import()
  expect(await lane.handBack(refs.get('refs/worklane/1/1/head') ?? '')).toBe(true)
  expect(plainGit(lane.path, 'diff', '--cached', '--name-only')).toBe('')
  expect(plainGit(lane.path, 'diff', '--name-only')).toBe('a')
  expect(plainGit(lane.path, 'ls-files', '-v')).toBe('H a\nH b')
})

test('the lane sees neither the main checkout, nor the ledger, nor HOME, nor other processes', async () => {
  using lane = await walledLane()
  const { root, gitDir } = lane.repository
  writeFileSync(join(root, 'main.txt'), 'main')
  const seen =
    lane.inside(`ls -A ${root}; ls -A ${gitDir}; ls -A ~ ; ps -e -o comm= | sort -u; id -u; ls /etc | wc -l
    touch ${root}/x 2>&1 || true; touch ${gitDir}/objects/x 2>&1 || true`)
  expect(seen).not.toContain('main.txt')
  expect(seen).not.toContain('config\n')
  expect(seen.match(/Read-only file system|Permission denied/g)).toHaveLength(2)
  expect(seen).not.toMatch(/^0$/m)
})

test.each([
  ['git looks for them', null, 'own'],
  ['a directory of the checkout', '.githooks', 'project'],
  ['the same by its whole path', 'ROOT/.githooks', 'project'],
  ['a place that no lane reaches', '/nowhere', 'none'],
])('hooks run inside from where %s', async (_, hooksPath, ran) => {
  const hook = (name: string): string => `#!/bin/sh\necho ${name} > ran\n`
  using lane = await walledLane(
    { '.githooks/pre-commit': hook('project') },
    undefined,
    ({ root, gitDir, git }) => {
      mkdirSync(join(gitDir, 'hooks'), { recursive: true })
      writeFileSync(join(gitDir, 'hooks/pre-commit'), hook('own'), { mode: 0o755 })
      if (hooksPath !== null) git('config', 'core.hooksPath', hooksPath.replace('ROOT', root))
    },
  )
  lane.inside('chmod +x .githooks/pre-commit; echo none > ran; git commit -q --allow-empty -m one')
  expect(lane.inside('cat ran').trim()).toBe(ran)
})

test('a file that changed in the second of the commit is seen as changed by git on the host', async () => {
  using lane = await walledLane()
  // Same size, same second: git goes by the time of the index alone.
  lane.inside(`while [ "$(date +%N | cut -c1)" -gt 2 ]; do sleep 0.05; done
    echo one > new.txt; git add new.txt; git commit -qm New; echo two > new.txt`)
  const head = (await lane.import()).get('refs/worklane/1/1/head') ?? ''
  await wait(1100)
  expect(await lane.handBack(head)).toBe(true)
  expect(plainGit(lane.path, 'status', '--porcelain')).toBe(' M new.txt')
})
