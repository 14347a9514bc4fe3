import { createInterface } from 'node:readline'
import { newGame, play } from './game.js'
import { score } from './score.js'

const game = newGame()
console.log(play(game, 'look'))
for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim() === 'quit') break
  console.log(play(game, line))
  if (game.over) break
}
console.log(`Your score is ${score(game)}.`)
