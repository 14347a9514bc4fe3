import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from '../src/parser.js'

test('the first word is the verb', () => {
  assert.deepEqual(parse('  Take   the  OAR '), { verb: 'take', noun: 'the oar' })
})

test('an empty line has no verb', () => {
  assert.deepEqual(parse(''), { verb: '', noun: '' })
})
