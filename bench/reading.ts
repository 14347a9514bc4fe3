import { join } from 'node:path'
import { fillBoard } from '../test/fixtures/board.ts'
import type { Size } from './lanes.ts'
import { type Comparison, compare, interleave } from './pairs.ts'
import { command } from './place.ts'

const NODE = 'start-up of the same Node'

/** What people and scripts ask most often, against what no program of this Node can be faster than. */
export async function reading(
  root: string,
  programs: { readonly worklane: string; readonly node: string },
  { tasks, pairs }: Size,
): Promise<Comparison[]> {
  const { worklane, node } = programs
  const half = Array.from({ length: tasks / 2 }, (_, at) => `Piece of work ${at}`)
  const [first = 1] = await fillBoard(join(root, '.git'), half)
  await fillBoard(join(root, '.git'), half, { after: [first], priority: 1 })
  const times = await interleave(pairs, {
    status: async () => await command(root, worklane, 'status', '--json'),
    list: async () => await command(root, worklane, 'task', 'list', '--json'),
    node: async () => await command(root, node, '-e', '0'),
  })
  const against = (what: string, ours: readonly number[]): Comparison =>
    compare({ what, against: NODE }, { ours, theirs: times.node }, { factor: 2.5 })
  return [
    against(`\`status --json\`, ${tasks} tasks`, times.status),
    against(`\`task list --json\`, ${tasks} tasks`, times.list),
  ]
}
