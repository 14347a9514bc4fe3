import { rooms } from '../rooms.js'
import { look } from './look.js'

export function go(game, direction) {
  const to = rooms[game.room].exits[direction]
  if (to === undefined) return `You cannot go ${direction || 'nowhere'} from here.`
  game.room = to
  return look(game)
}
