import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { data, refused, worklane } from '../fixtures/cli.ts'
import { makeRepository } from '../fixtures/repository.ts'

const claimed = async (root: string, subject: string): Promise<string> => {
  const { id } = await data(root, 'task', 'add', subject)
  return (await data(root, 'claim', String(id), '--as', 'ann')).lane.path
}

it('a lane that cannot be archived stands and says why, and the others go', async () => {
  using repository = makeRepository()
  const { root } = repository
  const hollow = await claimed(root, 'hollow')
  const plain = await claimed(root, 'plain')
  const file = join(hollow, 'holes')
  writeFileSync(file, '')
  truncateSync(file, 100_000_000_000)
  expect(await refused(root, 'task', 'cancel', '1', '2')).toEqual(['fault', 3])
  expect([existsSync(file), existsSync(plain)]).toEqual([true, false])
  for (const asked of [['lane', 'list'], ['doctor']])
    expect((await worklane(root, ...asked)).out).toMatch(/files such as holes .* then: worklane prune/)
  rmSync(file)
  await data(root, 'prune')
  expect((await data(root, 'lane', 'list')).lanes).toEqual([])
})

it('where git waits in vain for what is ignored, everything is archived', async () => {
  using repository = makeRepository()
  const { root } = repository
  const lane = await claimed(root, 'waits')
  mkdirSync(join(lane, 'q'))
  writeFileSync(join(lane, 'q/x'), 'x\n')
  execFileSync('mkfifo', [join(lane, 'q/.gitignore')])
  await data(root, 'task', 'cancel', '1')
  const { paths, warnings } = await data(root, 'archive', 'show', '1')
  expect(paths.map(({ path }: { path: string }) => path)).toEqual(
    expect.arrayContaining(['q/.gitignore', 'q/x']),
  )
  expect(warnings).toEqual([expect.stringContaining('Git did not say what is ignored')])
})
