import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { answerOf, runProcess, WORKLANE } from '../fixtures/product.ts'
import { makeRepository, plainGit, type TestRepository } from '../fixtures/repository.ts'

const env = { WORKLANE_SANDBOX: 'walls' }

async function worklane<T>({ root }: TestRepository, ...args: readonly string[]): Promise<T> {
  const answer = answerOf<T>(await runProcess({ file: WORKLANE, args: [...args, '--json'], cwd: root, env }))
  if (!answer.ok) throw new Error(`${args.join(' ')}: ${answer.error.message}`)
  return answer.data
}

async function inside({ root }: TestRepository, script: string): Promise<string> {
  const ended = await runProcess({
    file: WORKLANE,
    args: ['shell', '1', '--command', script],
    cwd: root,
    env,
  })
  expect(ended.exitCode, ended.stderr + ended.stdout).toBe(0)
  return ended.stdout.replaceAll('\r', '')
}

async function claimedLane(): Promise<{ repository: TestRepository; path: string }> {
  const repository = makeRepository({ 'README.md': '# Test\n', '.gitignore': '.claude/\n' })
  await worklane(repository, 'task', 'add', 'One')
  const { lane } = await worklane<{ lane: { path: string } }>(repository, 'claim', '1', '--as', 'ann')
  return { repository, path: lane.path }
}

async function thereAndBack(repository: TestRepository): Promise<void> {
  await worklane(repository, 'lane', 'remove', '1')
  repository.git('prune', '--expire=now')
  await worklane(repository, 'lane', 'restore', '1')
}

test('a worktree that an agent made inside its walls comes back, and one whose directory it deleted is no hindrance', async () => {
  const { repository, path } = await claimedLane()
  using _ = repository
  await inside(
    repository,
    `git worktree add -q -b inner .claude/worktrees/inner; git worktree add -q -b gone .claude/worktrees/gone
    rm -rf .claude/worktrees/gone
    echo work > .claude/worktrees/inner/dirty.txt`,
  )
  await thereAndBack(repository)
  expect(readFileSync(join(path, '.claude/worktrees/inner/dirty.txt'), 'utf8')).toBe('work\n')
  expect(await inside(repository, 'git -C .claude/worktrees/inner status --porcelain')).toBe('?? dirty.txt\n')
})

test('a worktree entry that leads out of the lane archives nothing that is not the lane’s', async () => {
  const { repository, path } = await claimedLane()
  using _ = repository
  const outside = join(repository.root, '../outside')
  mkdirSync(join(outside, 'worktrees/inner'), { recursive: true })
  writeFileSync(join(outside, 'worktrees/inner/secret.txt'), 'theirs\n')
  symlinkSync(outside, join(path, '.claude'))
  await inside(
    repository,
    `entry="$(git rev-parse --git-dir)/worktrees"; mkdir -p "$entry/a" "$entry/b"
    echo "$PWD/.claude/worktrees/inner/.git" > "$entry/a/gitdir"; echo "$PWD/../../../outside/.git" > "$entry/b/gitdir"`,
  )
  const { archive } = await worklane<{ archive: string }>(repository, 'lane', 'remove', '1')
  for (const name of readdirSync(archive))
    expect(readFileSync(join(archive, name), 'latin1')).not.toContain('secret.txt')
})

test('the git of before is kept too, when somebody used plain git in the lane meanwhile', async () => {
  const { repository, path } = await claimedLane()
  using _ = repository
  await inside(repository, 'echo staged inside > s.txt; git add s.txt; git reset -q')
  plainGit(path, '-c', `safe.directory=${path}`, 'commit', '-q', '--allow-empty', '-m', 'by a person')
  await inside(repository, 'git log -1 --format=%s')
  await thereAndBack(repository)
  const room = join(repository.gitDir, 'worklane/lanes/1')
  expect(readdirSync(room)).toEqual(expect.arrayContaining(['git', 'git.1', 'walls.json']))
  const blob = plainGit(path, 'hash-object', '--no-filters', 's.txt')
  expect(plainGit(repository.root, `--git-dir=${join(room, 'git.1')}`, 'cat-file', 'blob', blob)).toBe(
    'staged inside',
  )
})

test('a program that runs as its owner comes back as its owner’s, never as ours', async () => {
  const { repository, path } = await claimedLane()
  using _ = repository
  await inside(repository, 'echo tool > tool; git add tool; git commit -qm tool; chmod 4711 tool')
  const { uid } = statSync(join(path, 'tool'))
  await thereAndBack(repository)
  const now = statSync(join(path, 'tool'))
  expect([now.mode & 0o7777, now.uid]).toEqual([0o4711, uid])
})

test('git inside takes every repository that it sees for its own: fetch and push within the lane', async () => {
  const { repository } = await claimedLane()
  using _ = repository
  const said = await inside(repository, 'git push -q . HEAD:refs/heads/copy; git fetch -q . copy; git branch')
  expect(said).toContain('copy')
})
