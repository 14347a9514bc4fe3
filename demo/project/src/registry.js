import { go } from './commands/go.js'
import { inventory } from './commands/inventory.js'
import { look } from './commands/look.js'
import { take } from './commands/take.js'

/** Every verb that the game understands. Each has a row in the README. */
export const commands = {
  look,
  go,
  take,
  inventory,
}
