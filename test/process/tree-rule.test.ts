import { expect, test } from 'vitest'
import type { ProcessRow } from '../../src/host/process/table.ts'
import { selectTree, type TreeRoot } from '../../src/host/process/tree.ts'

const SELF = 100

/** `pid parent session`, then `t` when it carries the token. Init, a shell (90) and ourselves are always there. */
function pick(rows: string[], root: TreeRoot = {}): number[] {
  const table = ['1 0 1', '90 1 90', '100 90 90', ...rows].map((text): ProcessRow => {
    const [pid = 0, parent = 0, session = 0] = text.split(' ').map(Number)
    return { pid, parent, session, start: `${pid}0`, tagged: text.endsWith('t') }
  })
  return selectTree(table, root, SELF).map((row) => row.pid)
}

test('who carries the token, and their descendants in any order', () => {
  expect(pick(['203 202 200', '202 200 200', '200 100 200 t', '300 1 300'])).toEqual([203, 202, 200])
})

test('who is in a session that one of the tree began, or an orphan of the tree is in', () => {
  expect(pick(['200 100 200 t', '201 1 200'])).toEqual([200, 201])
  expect(pick(['201 1 200 t', '202 1 200'])).toEqual([201, 202])
})

test('never somebody whose session a stranger began', () => {
  expect(pick(['300 1 300', '301 300 300 t', '302 300 300'])).toEqual([301])
  // The leader's number was given out again.
  expect(pick(['200 1 200', '201 200 200'], { sessions: new Set([200]) })).toEqual([])
})

test('the leader only with its own start time', () => {
  const leader = { pid: 200, start: '2000', boot: 'b' }
  expect(pick(['200 100 200', '201 200 200'], { leader })).toEqual([200, 201])
  expect(pick(['200 100 200'], { leader: { ...leader, start: '7' } })).toEqual([])
})

test('orphans in the session of a leader known to be gone', () => {
  expect(pick(['201 1 200', '300 1 300'], { sessions: new Set([200]) })).toEqual([201])
})

test('never ourselves, our ancestors or init, nor who is in our session or in none', () => {
  expect(pick(['101 90 90 t', '102 1 90', '103 1 0', '104 1 0 t'])).toEqual([101, 104])
  const table: ProcessRow[] = [
    { pid: 1, parent: 0, session: 1, start: '1', tagged: true },
    { pid: 90, parent: 1, session: 90, start: '1', tagged: true },
    { pid: SELF, parent: 90, session: 90, start: '1', tagged: true },
    { pid: 101, parent: 90, session: 90, start: '1', tagged: false },
  ]
  expect(selectTree(table, {}, SELF)).toEqual([])
})
