import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newGame, play } from '../src/game.js'
import { score } from '../src/score.js'

test('each thing in the bag gives five points', () => {
  const game = newGame()
  assert.equal(score(game), 0)
  play(game, 'take rope')
  play(game, 'take oar')
  assert.equal(score(game), 10)
})
