import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { detectGroups } from '../../src/host/limits/detect.ts'
import { data, worklane } from '../fixtures/cli.ts'
import { makeRepository } from '../fixtures/repository.ts'

process.env.WORKLANE_SANDBOX = 'walls'

const SETTINGS = `agents: { attempts: 1 }
limits: { processes: 64, disk: 100mb }
`
/** Starts what it can, and says whether that was little and how many blocks of 512 bytes a file may have. */
const FILTER = `blocks=$(ulimit -f)
started=$(sh -c 'for n in $(seq 200); do sleep 5 >/dev/null & echo; done' 2>/dev/null | wc -l)
echo "$((started < 64)) $blocks"
`
const AGENT = `echo 'a.txt filter=own' >.gitattributes
git config filter.own.clean 'sh ./filter.sh'
echo left >a.txt
`

const FILES = { 'a.txt': 'one\n', 'agent.sh': AGENT, 'filter.sh': FILTER, 'worklane.yaml': SETTINGS }
const BLOCKS = Math.ceil(100_000_000 / 512)

// Without groups the processes of an ordinary user's lanes cannot be told from each other.
it.runIf(detectGroups().found !== null)('what git of ours starts in a lane has its limits', async () => {
  using repository = makeRepository(FILES)
  const said = await worklane(repository.root, 'run', 'x', '--command', 'sh agent.sh')
  expect(repository.git('show', 'main:a.txt'), said.out).toBe(`1 ${BLOCKS}`)
})

it('and without an engine at least those of each process', async () => {
  using repository = makeRepository({ ...FILES, '.gitattributes': 'a.txt filter=own\n' })
  const { root } = repository
  await data(root, 'task', 'add', 'x')
  const { lane } = await data(root, 'claim', '1', '--as', 'ann')
  repository.git('config', 'filter.own.clean', 'sh ./filter.sh')
  writeFileSync(join(lane.path, 'a.txt'), 'two\n')
  const { diff } = await data(root, 'lane', 'diff', '1')
  expect(diff).toMatch(new RegExp(`^\\+[01] ${BLOCKS}$`, 'm'))
})
