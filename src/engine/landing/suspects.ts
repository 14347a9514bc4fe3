import { landingQueue } from '../../ledger/landings.ts'
import type { World } from '../world.ts'
import { handBack, hold, move, setBack } from './entry.ts'
import type { Culprit } from './search.ts'
import type { VerifyEnd, VerifySlots } from './slots.ts'

/**
 * Entries that were found red once. Each is verified once more on the very same commit before its task is blamed: a
 * check that fails now and then must not cost an agent its work. Meanwhile the others go on without it, and what is
 * waited for goes first: a suspect takes a slot that is free, and one of the search only when it waited for long.
 */
export interface Suspects {
  readonly size: number
  has(landingId: number): boolean
  add(culprit: Culprit): void
  /** Starts one of them again. False: none waits. */
  start(slots: VerifySlots): boolean
  /** One of them waited while this many stacks were searched. */
  readonly overdue: boolean
  /** Another stack was searched. */
  pass(): void
  hear(end: VerifyEnd): Promise<void>
  /** Base fails by itself: none of them is to blame. */
  hold(base: string, reason: string): Promise<void>
  /** All of them go back into the queue. */
  release(reason: string): Promise<void>
}

const LONGEST_WAIT = 8

interface Suspect {
  readonly culprit: Culprit
  waited: number
}

export function openSuspects(world: World): Suspects {
  const all = new Map<number, Suspect>()
  const keyOf = (id: number): string => `again/${id}`
  const isGone = async (id: number): Promise<boolean> =>
    (await landingQueue(world.ledger.db)).every((one) => one.id !== id)
  const each = async (end: (suspect: Suspect) => Promise<unknown>, which = (_: Suspect): boolean => true) => {
    for (const [id, suspect] of all)
      if (which(suspect)) {
        all.delete(id)
        await end(suspect)
      }
  }
  return {
    get size() {
      return all.size
    },
    has: (id) => all.has(id),
    add: (culprit) => void all.set(culprit.stacked.entry.id, { culprit, waited: 0 }),
    get overdue() {
      return [...all.values()].some(({ waited }) => waited >= LONGEST_WAIT)
    },
    pass() {
      for (const suspect of all.values()) suspect.waited += 1
    },
    start(slots) {
      for (const [id, { culprit }] of all) {
        if (slots.running.includes(keyOf(id))) continue
        slots.start({ ...culprit.end.job, key: keyOf(id), isMoot: async () => await isGone(id) })
        return true
      }
      return false
    },
    async hear({ job, answer, log }) {
      const found = [...all].find(([id]) => keyOf(id) === job.key)
      if (found === undefined) return
      const [id, { culprit }] = found
      const { entry } = culprit.stacked
      if (answer.kind === 'stopped') {
        if (await isGone(id)) all.delete(id)
        return
      }
      all.delete(id)
      if (answer.kind === 'fault') return await setBack(world, entry, answer.reason)
      if (answer.kind === 'red') return await reject(world, culprit, { tail: answer.tail, log })
      const reason = `\`${job.command}\` failed once and passed on the same commit`
      await move(world, entry.id, 'fault', { reason })
    },
    hold: async (base, reason) =>
      await each(
        async ({ culprit }) => await hold(world, culprit.stacked.entry, reason),
        ({ culprit }) => culprit.stacked.entry.base === base,
      ),
    release: async (reason) =>
      await each(async ({ culprit }) => await move(world, culprit.stacked.entry.id, 'fault', { reason })),
  }
}

async function reject(
  world: World,
  { stacked, end }: Culprit,
  again: { readonly tail: string; readonly log: string },
): Promise<void> {
  const { entry } = stacked
  const { command } = end.job
  const files = stacked.resolved.map(({ path }) => path)
  const byRules =
    files.length === 0
      ? ''
      : ` It conflicts with ${entry.base}; Worklane had put the lines of both sides together in ${files.join(', ')}, which may be what is wrong.`
  const text = `Merged with ${entry.base}, \`${command}\` failed (twice).${byRules} The end of its output:\n\n\`\`\`\n${again.tail}\n\`\`\``
  const change = { reason: `\`${command}\` failed; its output: ${again.log}`, files }
  await handBack(world, entry, 'reject', change, { kind: 'rejection', text })
}
