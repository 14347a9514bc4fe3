import { expect, it } from 'vitest'
import { data, worklane } from '../fixtures/cli.ts'
import { makeRepository } from '../fixtures/repository.ts'

it('what an agent leaves beside its result is told by its own name, in the lane and in the archive', async () => {
  process.env.WORKLANE_SANDBOX = 'walls'
  using repository = makeRepository()
  const { root, git } = repository
  const agent = [
    'echo a > a; git add a; git commit -qm first; git commit -q --amend -m better; git tag v1',
    'git branch extra; echo s > s; git add s; git stash -q',
    'git checkout -q extra; git commit -q --allow-empty -m more; git checkout -q -',
  ].join('; ')
  await worklane(root, 'run', 'one', '--command', agent, '--no-land')
  const names = ['amended or dropped', 'branch extra', 'stash@{0}', 'tag v1']
  const said = [await worklane(root, 'task', 'show', '1'), await worklane(root, 'lane', 'show', '1')]
  await worklane(root, 'lane', 'remove', '1')
  said.push(await worklane(root, 'archive', 'show', '1'))
  for (const { out } of said) {
    for (const name of names)
      expect(out).toMatch(new RegExp(`(Kept:? +|  )${name.replace(/[{}]/g, '\\$&')} [0-9a-f]{7}`))
    expect(out).toContain('Look with: git log')
  }
  const { kept } = await data(root, 'archive', 'show', '1')
  const subjects = kept.map(({ name, ref }: { name: string; ref: string }) => [
    name,
    git('log', '-1', '--format=%s', ref),
  ])
  expect(subjects).toEqual(
    expect.arrayContaining([
      ['branch extra', 'more'],
      ['amended or dropped', 'first'],
      ['tag v1', 'better'],
    ]),
  )
  expect(subjects).toHaveLength(4)
})
