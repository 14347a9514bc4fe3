import { execFileSync, spawnSync } from 'node:child_process'
import { appendFileSync, copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { contentOf, data, worklane } from '../fixtures/cli.ts'
import { makeRepository, plainGit, type TestRepository, temporaryDirectory } from '../fixtures/repository.ts'

const before = { ...process.env }
const isHere = spawnSync('git', ['lfs', 'version']).status === 0

beforeAll(() => {
  // As people have it, in the settings of the user.
  const settings = join(temporaryDirectory(), 'gitconfig')
  copyFileSync(process.env.GIT_CONFIG_GLOBAL ?? '', settings)
  Object.assign(process.env, { WORKLANE_SANDBOX: 'walls', GIT_CONFIG_GLOBAL: settings })
  if (isHere) execFileSync('git', ['lfs', 'install', '--skip-repo'], { stdio: 'ignore' })
})

afterAll(() => {
  Object.assign(process.env, before)
})

const TRACKED = { '.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n' }

function withLfs(prepare: (repository: TestRepository) => void = () => undefined): TestRepository {
  const repository = makeRepository()
  prepare(repository)
  repository.commit('large', { ...TRACKED, 'one.bin': 'one\n' })
  return repository
}

const VERIFY = 'test -z "$(git status --porcelain)" && ! grep -l git-lfs ./*.bin'

/** What became of all tasks after one whose agent runs the script. */
async function play({ root }: TestRepository, script: string, verify = VERIFY): Promise<string[]> {
  const task = { subject: script.slice(0, 40), command: `set -e\n${script}` }
  writeFileSync(join(root, '../tasks.json'), JSON.stringify([task]))
  await worklane(root, 'run', '../tasks.json', '--verify', verify)
  const { tasks: all } = await data(root, 'task', 'list')
  return all.map(({ state }: { state: string }) => state)
}

describe.skipIf(!isHere)('with git-lfs', () => {
  it('the first large file of a repository lands with its content', async () => {
    using repository = makeRepository()
    const { root, git } = repository
    const script = "git lfs track '*.bin'; echo two >two.bin; git add -A; git commit -qm two"
    expect(await play(repository, script)).toEqual(['landed'])
    expect(git('cat-file', 'blob', 'main:two.bin')).toMatch(/^version https:\/\/git-lfs/)
    expect(contentOf(root, 'two.bin')).toBe('two\n')
    expect(git('status', '--porcelain')).toBe('')
    expect(git('lfs', 'fsck')).toBe('Git LFS fsck OK')
  })

  it.each([
    ['', () => undefined],
    [', also elsewhere', ({ git }: TestRepository) => git('config', 'lfs.storage', '../large')],
  ])('lanes read and change what the repository has%s', async (_, prepare) => {
    using repository = withLfs(prepare)
    const { root, git } = repository
    const change = 'grep -qx one one.bin; echo two >one.bin; echo three >three.bin'
    expect(await play(repository, change)).toEqual(['landed'])
    const read = 'grep -qx two one.bin; grep -qx three three.bin; echo >ok'
    expect(await play(repository, read)).toEqual(['landed', 'landed'])
    expect(contentOf(root, 'one.bin')).toBe('two\n')
    expect(git('lfs', 'fsck')).toBe('Git LFS fsck OK')
    await data(root, 'lane', 'restore', '1')
    const lane = join(root, '.worktrees/task-1')
    expect(contentOf(lane, 'three.bin')).toBe('three\n')
    expect(plainGit(lane, 'status', '--porcelain')).toBe('')
  })

  it('git that looks at a lane takes a file for changed only where it was changed', async () => {
    using repository = withLfs()
    const { root } = repository
    const lanes: string[] = []
    for (const id of ['1', '2']) {
      await data(root, 'task', 'add', 'work')
      lanes.push((await data(root, 'claim', id, '--as', 'ann')).lane.path)
    }
    appendFileSync(join(lanes[0] ?? '', 'one.bin'), 'more\n')
    expect((await data(root, 'lane', 'diff', '1')).diff).toMatch(/^\+size 9$/m)
    expect((await data(root, 'lane', 'diff', '2')).diff).toBe('')
    expect((await worklane(root, 'radar')).out).toMatch(/2 lanes do not conflict/)
    const objects = join(repository.gitDir, 'lfs/objects')
    const kept = readdirSync(objects, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())
    expect(kept.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8'))).toEqual([
      'one\n',
    ])
  })

  it('lanes of a repository that has pointers alone are made, and what they add lands', async () => {
    using repository = withLfs()
    const { root, git } = repository
    execFileSync('rm', ['-rf', join(repository.gitDir, 'lfs')])
    expect(await play(repository, 'grep -q git-lfs one.bin; echo two >two.bin', 'true')).toEqual(['landed'])
    expect(contentOf(root, 'two.bin')).toBe('two\n')
    expect(contentOf(root, 'one.bin')).toBe('one\n')
    expect(git('cat-file', 'blob', 'main:one.bin')).toMatch(/git-lfs/)
  })
})
