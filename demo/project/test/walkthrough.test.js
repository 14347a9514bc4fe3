import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newGame, play } from '../src/game.js'

test('a player reaches the tower with three things', () => {
  const game = newGame()
  for (const line of ['take rope', 'go north', 'take matches', 'take oil', 'go up']) play(game, line)
  assert.equal(game.room, 'tower')
  assert.match(play(game, 'inventory'), /rope.*matches.*oil/)
})

test('the impossible is answered, not done', () => {
  const game = newGame()
  assert.match(play(game, 'go up'), /cannot go up/)
  assert.match(play(game, 'take moon'), /no moon/)
  assert.match(play(game, 'sing'), /do not know/)
  assert.match(play(game, 'inventory'), /nothing/)
})
