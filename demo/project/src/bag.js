/** The things in a room, or in the player's bag (`bag`). */
export function thingsIn(game, place) {
  return Object.keys(game.places).filter((id) => game.places[id] === place)
}

export function carries(game, id) {
  return game.places[id] === 'bag'
}

/** Puts a thing into the bag. Answers why not, or nothing. */
export function pack(game, id) {
  game.places[id] = 'bag'
}
