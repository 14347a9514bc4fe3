import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

test('the bench runs from end to end', { timeout: 300_000 }, () => {
  const program = fileURLToPath(new URL('../bench/run.ts', import.meta.url))
  const said = execFileSync(process.execPath, [program, '--sample'], { encoding: 'utf8' })
  const judged = said.split('\n').filter((line) => / (yes|no) +│$/.test(line))
  expect(judged.map((line) => line.split('│')[1]?.trim())).toEqual([
    'lane ready in a running engine',
    'removal answered by a running engine',
    'cold `worklane claim`',
    'start inside walls',
    'lane ready, with walls',
    'a small commit comes out of walls',
    'matrix of 48 lanes',
    'one lane against 47',
    'the same, snapshot of an edit included',
    '`status --json`, 20 tasks',
    '`task list --json`, 20 tasks',
  ])
})
