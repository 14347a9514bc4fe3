import type { Context, Operation } from './operation.ts'
import { tellOpen } from './sandbox.ts'

/** What whoever asks for this has to know before the answer, each in one line. */
export async function tellFirst(
  context: Pick<Context, 'world' | 'report'>,
  { tellsWalls, withDefaults }: Pick<Operation, 'tellsWalls' | 'withDefaults'>,
): Promise<void> {
  const { unread } = context.world
  if (unread !== undefined && withDefaults === 'warned')
    context.report({ kind: 'warning', text: `${unread.message} Until that is mended: the defaults.` })
  if (tellsWalls !== true) await tellOpen(context)
}
