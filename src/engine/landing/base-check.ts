import { treesOf } from '../../host/git/merge.ts'
import { branchTip } from '../../host/git/refs.ts'
import { tell, transact } from '../../ledger/transact.ts'
import { wasGreen } from '../../ledger/verify-runs.ts'
import type { World } from '../world.ts'
import type { Culprit, SearchRules } from './search.ts'
import type { VerifyEnd, VerifyJob } from './slots.ts'
import type { Stack } from './stack.ts'

/** Whether base fails by itself, so that nobody who stands on it is to blame. */
export interface BaseWatch {
  /** Why nothing on this base can be verified, as far as it was found before. */
  known(stack: Stack): string | null
  /** Something that stands on base alone failed: the reason when it is base that fails. */
  check(stack: Stack, culprit: Culprit): Promise<string | null>
}

/** Milliseconds. After that it is tried again: what was wrong with the machine may have been mended. */
const HOLDS = 10 * 60_000
/** So many failures right on the same base make even a base suspect that was green before. */
const RED_HEADS = 2

export function watchBase(world: World, rules: SearchRules): BaseWatch {
  const broken = new Map<string, { readonly reason: string; readonly until: number }>()
  const redHeads = new Map<string, number>()
  const keyOf = ({ on, command }: Stack): string => `${on} ${command}`
  return {
    known(stack) {
      const found = broken.get(keyOf(stack))
      return found !== undefined && found.until > performance.now() ? found.reason : null
    },
    async check(stack, { end }) {
      const heads = (redHeads.get(keyOf(stack)) ?? 0) + 1
      redHeads.set(keyOf(stack), heads)
      const [tree = ''] = await treesOf(world.repository, [stack.on])
      const isMoot = async (): Promise<boolean> =>
        (await branchTip({ gitDir: world.repository.commonDir }, stack.base)) !== stack.on
      const about = { commit: stack.on, tree, below: [], tasks: [], isMoot }
      const job = { ...end.job, key: `base/${stack.on}`, ...about }
      if ((await wasGreen(world.ledger.db, job)) && heads !== RED_HEADS) return null
      const red = (await verifyTwice(rules, job)) ?? null
      if (red === null) return null
      const reason = `${stack.base} itself fails \`${job.command}\`; its output: ${red.log}`
      broken.set(keyOf(stack), { reason, until: performance.now() + HOLDS })
      await transact(world.ledger, world.actor, async (tx) => {
        const data = { commit: stack.on, command: job.command, log: red.log }
        await tell(tx, { type: 'base.verify_failed', subject: `base/${stack.base}`, data })
        return null
      })
      return reason
    },
  }
}

/** The second red run; undefined: it was green, or could not be run to its end. */
async function verifyTwice(rules: SearchRules, job: VerifyJob): Promise<VerifyEnd | undefined> {
  for (let red = 0; ; red += 1) {
    const end = await verify(rules, job)
    if (end.answer.kind !== 'red') return undefined
    if (red === 1) return end
  }
}

async function verify({ slots, hear }: SearchRules, job: VerifyJob): Promise<VerifyEnd> {
  while (slots.running.length >= slots.count) await hear(await slots.next())
  slots.start(job)
  for (;;) {
    const end = await slots.next()
    if (end.job.key === job.key) return end
    await hear(end)
  }
}
