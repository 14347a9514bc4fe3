import assert from 'node:assert/strict'
import { test } from 'node:test'
import { list, sentence } from '../src/text.js'

test('lists read like English', () => {
  assert.equal(list([]), '')
  assert.equal(list(['rope']), 'rope')
  assert.equal(list(['rope', 'oar', 'oil']), 'rope, oar and oil')
})

test('sentences begin with a capital and end with a stop', () => {
  assert.equal(sentence('the shore'), 'The shore.')
  assert.equal(sentence('why?'), 'Why?')
})
