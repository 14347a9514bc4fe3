import { items } from './items.js'
import { parse } from './parser.js'
import { commands } from './registry.js'

/** A game is plain data: where the player is, and where each thing is. */
export function newGame() {
  const places = Object.fromEntries(Object.entries(items).map(([id, item]) => [id, item.room]))
  return { room: 'shore', places, over: false }
}

/** Does what `line` says and answers what the player reads. */
export function play(game, line) {
  const { verb, noun } = parse(line)
  const command = commands[verb]
  return command === undefined ? `You do not know how to "${verb}".` : command(game, noun)
}
