import { thingsIn } from '../bag.js'
import { list } from '../text.js'

export function inventory(game) {
  const things = thingsIn(game, 'bag')
  return things.length === 0 ? 'You carry nothing.' : `You carry ${list(things)}.`
}
