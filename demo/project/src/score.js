import { thingsIn } from './bag.js'

/** Five points for each thing in the bag. */
export function score(game) {
  return thingsIn(game, 'bag').length * 5
}
