import { expect, test } from 'vitest'
import { admit } from '../../../src/operations/lane-door.ts'
import { OPERATIONS } from '../../../src/operations/table.ts'

const CALLER = { taskId: 7, epoch: 3 }
const input = (operation: string, given: Readonly<Record<string, unknown>>): unknown => {
  const admitted = admit(CALLER, { operation, input: given })
  return 'status' in admitted ? admitted.status : admitted.input
}

test.each([
  ['task show', {}, { id: 7 }],
  ['task show', { id: '#7' }, { id: 7 }],
  ['lane diff', { stat: true }, { id: 7, stat: true }],
  ['logs', { attempt: 2 }, { id: 7, attempt: 2 }],
  ['heartbeat', {}, { id: 7, epoch: 3 }],
  ['note', { text: 'x' }, { id: 7, text: 'x' }],
  ['status', {}, {}],
] as const)('%s with %j gets %j', (operation, given, forced) => {
  expect(input(operation, given)).toEqual(forced)
})

test.each([
  ['task show', { id: 8 }],
  ['task show', { id: '8' }],
  ['task show', { id: null }],
  ['task show', { id: [7] }],
  ['note', { id: 8, text: 'x' }],
  ['heartbeat', { epoch: 4 }],
  ['logs', { follow: true }],
  ['status', { id: 7 }],
  ['lane diff', { id: 7, __proto__x: 1 }],
] as const)('%s with %j is refused', (operation, given) => {
  expect(input(operation, given)).toBe(403)
})

test('all else is closed, whatever it is called', () => {
  const open = ['task show', 'lane show', 'lane diff', 'logs', 'status', 'heartbeat', 'note', 'task note']
  const found = OPERATIONS.filter(({ name }) => input(name, {}) !== 403).map(({ name }) => name)
  expect(found.sort()).toEqual(open.sort())
  for (const name of ['', 'toString', '__proto__', 'constructor', 'task', 'task show '])
    expect(input(name, {})).toBe(404)
})
