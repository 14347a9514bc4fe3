import { thingsIn } from '../bag.js'
import { rooms } from '../rooms.js'
import { list, sentence } from '../text.js'

export function look(game) {
  const { name, text, exits } = rooms[game.room]
  const things = thingsIn(game, game.room)
  const seen = things.length === 0 ? '' : ` ${sentence(`you see ${list(things)}`)}`
  return `${sentence(name)} ${text}${seen} Exits: ${list(Object.keys(exits))}.`
}
