import { expect, it } from 'vitest'
import { contentOf, WORKLANE } from '../fixtures/cli.ts'
import { makeRepository } from '../fixtures/repository.ts'
import { openTerminal, personsEnvironment } from '../fixtures/terminal.ts'

it('shows on a terminal how the lanes stand, and the summary below', async () => {
  using repository = makeRepository()
  const { root } = repository
  const command = `cd ${root} && ${WORKLANE} run one two --command 'sleep 1; date > file-$WORKLANE_TASK'`
  // DEV: as developers of React set it, which Ink looks at.
  const env = { ...personsEnvironment(), DEV: 'true' }
  using terminal = openTerminal(['bash', '-c', command], { columns: 100, rows: 30, env })
  await terminal.until((lines) => lines.some((line) => line.includes('2/4 agents busy')))
  expect(await terminal.exited).toBe(0)
  const lines = terminal.lines()
  expect(lines.join('\n')).not.toMatch(/warning/i)
  expect(lines).toContainEqual(expect.stringMatching(/2\/2 landed/))
  expect(lines.at(-2)).toMatch(/^Landed 2 of 2 tasks in \d+s: #1 #2$/)
  expect(contentOf(root, 'file-1')).not.toBe('')
})
