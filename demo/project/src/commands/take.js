import { pack } from '../bag.js'

export function take(game, noun) {
  if (game.places[noun] !== game.room) return `There is no ${noun || 'such thing'} here.`
  return pack(game, noun) ?? `You take the ${noun}.`
}
