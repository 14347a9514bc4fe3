/** Where the player can be. Exits name other rooms. */
export const rooms = {
  shore: {
    name: 'The shore',
    text: 'Black pebbles, and a boat that will not float again.',
    exits: { north: 'hut' },
  },
  hut: {
    name: 'The hut',
    text: 'A cold stove and a chair with three legs.',
    exits: { south: 'shore', up: 'tower' },
  },
  tower: {
    name: 'The tower',
    text: 'The great lamp is dark.',
    exits: { down: 'hut' },
  },
}
