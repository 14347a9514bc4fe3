import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { data, worklane } from '../fixtures/cli.ts'
import { makeRepository, plainGit } from '../fixtures/repository.ts'

process.env.WORKLANE_SANDBOX = 'walls'

/** Two tasks that write the same line; whose merge is open, leaves it so. */
const AGENT =
  'git rev-parse -q --verify MERGE_HEAD >/dev/null && exit 0; echo $WORKLANE_TASK > a.txt; git commit -qam "work"'

it('a merge that an agent leaves open inside its walls is finished by a person, and lands', async () => {
  using repository = makeRepository({ 'a.txt': 'one\n', 'worklane.yaml': 'agents: { attempts: 2 }\n' })
  const { root, git } = repository
  await worklane(root, 'run', 'first', 'second', '--command', AGENT, '-j', '1', '--no-land', '--json')
  await worklane(root, 'land', '--json')
  expect(git('show', 'main:a.txt')).toBe('1')
  const failed = await worklane(root, 'run', '--command', AGENT)
  expect(failed.out).toContain('#2 second (failed): The agent left an unfinished merge.')
  expect(failed.out).toContain(
    '→ worklane shell 2 (finish the merge there, or abort it); then worklane task retry 2',
  )
  const { id, lane, epoch } = await claimAgain(root)
  writeFileSync(join(lane.path, 'a.txt'), 'both\n')
  const shown = await data(root, 'lane', 'show', id)
  expect(shown).toMatchObject({ unfinished: 'merge', next: expect.stringContaining(`worklane shell ${id} `) })
  const hint = await worklane(root, 'complete', id, '--epoch', epoch)
  expect(hint.code).toBe(1)
  const command = /worklane shell 2 --command '([^']+)'/.exec(hint.err)?.[1] ?? ''
  expect(hint.err).toContain('worklane shell 2 -- git merge --abort')
  expect(await worklane(root, 'shell', id, '--command', command)).toMatchObject({ code: 0 })
  await data(root, 'complete', id, '--epoch', epoch)
  expect(await data(root, 'land')).toMatchObject({ landed: [{ task: 2 }] })
  expect(git('show', 'main:a.txt')).toBe('both')
  expect(plainGit(root, 'rev-list', '--parents', '-1', 'main^2').split(' ')).toHaveLength(3)
})

async function claimAgain(root: string) {
  await data(root, 'task', 'retry', '2')
  const { lane, epoch } = await data(root, 'claim', '2', '--as', 'ann')
  return { id: '2', lane, epoch: String(epoch) }
}
