import { rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { contentOf, data, worklane } from '../fixtures/cli.ts'
import { makeRepository, plainGit } from '../fixtures/repository.ts'

const LOOSE = 'sandbox: { mode: none }\n'
const WHY = 'It changes worklane.yaml, which says what agents may do.'

test('what says what agents may do lands only when a person has looked at it', async () => {
  using repository = makeRepository({ 'sub/worklane.yaml': 'one: 1\n' })
  const { root } = repository
  const write = (name: string): string => `printf '${LOOSE.trim()}\\n' > ${name}`
  const said = await worklane(root, 'run', 'loose', '--command', write('worklane.yaml'))
  expect(said).toMatchObject({ code: 1, out: expect.stringContaining(WHY) })
  await worklane(
    root,
    'run',
    'included',
    '--command',
    'echo "*" > .WorktreeInclude; git add -f .; git commit -qm x',
  )
  await worklane(root, 'run', 'below', '--command', write('sub/worklane.yaml'))
  expect((await data(root, 'landing', 'list')).queue).toMatchObject([
    { task: 1, state: 'awaiting_review', reason: WHY },
    { task: 2, state: 'awaiting_review', reason: WHY.replace('worklane.yaml', '.worktreeinclude') },
  ])
  expect((await data(root, 'task', 'show', '3')).state).toBe('landed')
  expect(contentOf(root, 'worklane.yaml') ?? '').not.toContain(LOOSE)
  await data(root, 'approve', '1')
  await data(root, 'land')
  expect(contentOf(root, 'worklane.yaml')).toBe(LOOSE)
})

test('settings are no link to what agents may change', async () => {
  using repository = makeRepository({ 'config/lanes.yaml': LOOSE })
  rmSync(join(repository.root, 'worklane.yaml'), { force: true })
  symlinkSync('config/lanes.yaml', join(repository.root, 'worklane.yaml'))
  expect(await worklane(repository.root, 'run', 'one', '--command', 'true')).toMatchObject({
    code: 2,
    err: expect.stringContaining('a link into the repository'),
  })
})

test('also where a lane brings back what base had said before', async () => {
  using repository = makeRepository({ 'worklane.yaml': '{}\n' })
  const { root, git } = repository
  await data(root, 'task', 'add', 'back')
  const { epoch, lane } = await data(root, 'claim', '1', '--as', 'ann')
  writeFileSync(join(root, 'worklane.yaml'), 'limits: { processes: 500 }\n')
  git('commit', '-qam', 'tighter')
  plainGit(lane.path, 'merge', '-q', 'main')
  const handIn = async (): Promise<unknown> => await data(root, 'complete', '1', '--epoch', String(epoch))
  plainGit(lane.path, 'checkout', 'HEAD^', '--', 'worklane.yaml')
  plainGit(lane.path, 'commit', '-qm', 'looser again')
  expect(await handIn()).toMatchObject({ landing: 'awaiting_review', reason: WHY })
})
