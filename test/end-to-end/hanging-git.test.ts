import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it, onTestFinished } from 'vitest'
import { background, contentOf, data, until, worklane } from '../fixtures/cli.ts'
import { makeRepository } from '../fixtures/repository.ts'

/** An agent that has git of ours wait for a filter, for as long as it may, with what `make` leaves uncommitted. */
const hanging = (make: string): string => `
echo kept > kept.txt; git add kept.txt; git commit -qm kept
git config filter.z.clean "touch $PWD/begun; sleep 100000"; echo '*.big filter=z' > .git-attributes
git config core.attributesFile "$PWD/.git-attributes"; ${make}`

const before = process.env.WORKLANE_SANDBOX
afterEach(() => {
  process.env.WORKLANE_SANDBOX = before
})

it.each(['walls', 'none'])(
  'with sandbox %s a lane in which git hangs is given up at a second Ctrl-C, and nothing of it is lost',
  async (sandbox) => {
    process.env.WORKLANE_SANDBOX = sandbox
    using repository = makeRepository()
    const { root } = repository
    const lane = join(root, '.worktrees/task-1')
    const engine = background(root, 'run', 'Hang', '--command', hanging('fallocate -l 1G x.big'), '--json')
    onTestFinished(() => void engine.kill('SIGKILL'))
    await until('git waits for the filter', () => existsSync(join(lane, 'begun')))
    // Two of the same would be one.
    engine.kill('SIGINT')
    engine.kill('SIGTERM')
    await until('the engine has ended', () => engine.exitCode !== null)
    expect(engine.exitCode).toBe(130)
    expect(await data(root, 'task', 'show', '1')).toMatchObject({
      state: 'pending',
      failures: 0,
      lease: null,
    })
    expect(statSync(join(lane, 'x.big')).size).toBe(2 ** 30)
    await data(root, 'task', 'edit', '1', '--command', 'rm x.big; echo 2 > two.txt')
    expect((await worklane(root, 'run')).code).toBe(0)
    expect(['kept.txt', 'two.txt'].map((file) => contentOf(root, file))).toEqual(['kept\n', '2\n'])
  },
)

it('a file of nothing earns a lane no patience', async () => {
  process.env.WORKLANE_SANDBOX = 'walls'
  using repository = makeRepository({ 'worklane.yaml': 'agents: { attempts: 1 }\n' })
  const { root } = repository
  await worklane(root, 'run', 'Hang', '--command', hanging('truncate -s 900G x.big; exit 1'), '--json')
  const { notes } = await data(root, 'task', 'show', '1')
  expect(notes.at(-1).text).toContain('git update-index did not finish in time')
})
