import type { Landing } from '../../board/landing.ts'
import { isRefusal } from '../../board/refusal.ts'
import { crashPoint } from '../../host/crash-point.ts'
import { asFault } from '../../host/fault.ts'
import { syncFileSystem } from '../../host/files/sync.ts'
import type { CandidateAnswer } from '../../host/git/candidate.ts'
import { setOwnRefs } from '../../host/git/own-refs.ts'
import { branchTip } from '../../host/git/refs.ts'
import type { ResolvedFile } from '../../host/git/resolve.ts'
import { moveLanding, recordLanded } from '../../ledger/landings.ts'
import { tell, transact } from '../../ledger/transact.ts'
import type { World } from '../world.ts'
import { blockageOf } from './blockage.ts'
import { candidateOn } from './candidate.ts'
import { dropCandidateRef, handBack, move, setBack } from './entry.ts'
import { candidateRef } from './refs.ts'

/** An entry with the commit that base would be at when it and all before it have landed. */
export interface Stacked {
  readonly entry: Landing
  readonly commit: string
  readonly tree: string
  /** What rules resolved in it. */
  readonly resolved: readonly ResolvedFile[]
}

/** Entries on top of each other, on base as it is. */
export interface Stack {
  readonly base: string
  /** The commit of base. */
  readonly on: string
  /** Null: land unverified. */
  readonly command: string | null
  /** At least one. */
  readonly entries: readonly Stacked[]
}

export interface StackRules {
  readonly commandOf: (entry: Landing) => string | null
  readonly atMost: number
}

/**
 * Stacks the first entries of the queue that have one base and one command. What does not go onto those before it
 * waits until they have landed; what does not go onto base itself has ended here. Nothing is verified before that.
 * Null: look at the queue again.
 */
export async function formStack(
  world: World,
  queued: readonly Landing[],
  rules: StackRules,
): Promise<Stack | null> {
  const [first] = queued
  if (first === undefined) return null
  const command = rules.commandOf(first)
  const on = await branchTip({ gitDir: world.repository.commonDir }, first.base)
  if (on === null) return await setAside(world, first, `The branch ${first.base} does not exist.`)
  const alike = leading(queued, (entry) => entry.base === first.base && rules.commandOf(entry) === command)
  const entries = await pile(world, alike, { on, command, atMost: rules.atMost })
  if (entries === null || entries.length === 0) return null
  const stack = { base: first.base, on, command, entries }
  const blocked = await firstBlocked(world, stack)
  if (blocked !== null) {
    await holdAlone(world, stack, blocked)
    return await formStack(
      world,
      queued.filter(({ id }) => id !== blocked.entry.id),
      rules,
    )
  }
  return (await record(world, stack)) ? stack : null
}

function leading<T>(all: readonly T[], holds: (one: T) => boolean): readonly T[] {
  const end = all.findIndex((one) => !holds(one))
  return end === -1 ? all : all.slice(0, end)
}

interface Place {
  readonly on: string
  readonly command: string | null
}

/**
 * Null: the first of them has ended, so who is the first has changed. Where rules resolved a conflict the stack ends:
 * its last commit is verified itself, not only as a part of others.
 */
async function pile(
  world: World,
  queued: readonly Landing[],
  { on, command, atMost }: Place & { readonly atMost: number },
): Promise<Stacked[] | null> {
  const entries: Stacked[] = []
  for (const entry of queued) {
    const last = entries.at(-1)
    if (entries.length === atMost || (last?.resolved.length ?? 0) > 0) break
    const made = await tryCandidate(world, entry, { on: last?.commit ?? on, command })
    if (made.kind === 'candidate') entries.push(stackedOf(entry, made))
    else if (entries.length === 0) {
      await endAlone(world, entry, made, on)
      return null
    }
  }
  return entries
}

function stackedOf(entry: Landing, { commit, tree, resolved }: Candidate): Stacked {
  return { entry, commit, tree, resolved }
}

type Candidate = Extract<CandidateAnswer, { kind: 'candidate' }>

async function tryCandidate(world: World, entry: Landing, { on, command }: Place): Promise<CandidateAnswer> {
  try {
    return await candidateOn(world, entry, { on, verified: command !== null })
  } catch (error) {
    const fault = asFault(error)
    if (fault === null) throw error
    return { kind: 'unknown', reason: `${fault.message} ${fault.hint}`.trim() }
  }
}

/** Of an entry that does not go onto base: landed where base has it all, handed back, or tried again later. */
async function endAlone(
  world: World,
  entry: Landing,
  made: Exclude<CandidateAnswer, { kind: 'candidate' }>,
  on: string,
): Promise<void> {
  if (made.kind === 'unknown') return void (await setAside(world, entry, made.reason))
  if (isRefusal(await move(world, entry.id, 'start'))) return
  crashPoint('landing.started')
  if (made.kind === 'empty') {
    const landed = { ...entry, candidate: null, candidateOn: on, verified: false }
    await transact(world.ledger, world.actor, async (tx) => await recordLanded(tx, landed))
    await dropCandidateRef(world, entry)
    return
  }
  const files = [...new Set(made.files.map(({ path }) => path))]
  const text = `It conflicts with what landed on ${entry.base} since this lane began.\n\nThe files:\n\n${files.map((path) => `- ${path}`).join('\n')}\n\nMerge ${entry.base} into the lane (\`git merge ${entry.base}\`, which Worklane begins for an agent that it starts), resolve these files so that both sides keep what they meant, and commit.`
  const change = { reason: `conflicts with ${entry.base}`, files }
  await handBack(world, entry, 'conflict', change, { kind: 'conflict', text })
}

async function setAside(world: World, entry: Landing, reason: string): Promise<null> {
  if (!isRefusal(await move(world, entry.id, 'start'))) await setBack(world, entry, reason)
  return null
}

/** The first entry that could not be written into the checkouts which have base. */
async function firstBlocked(world: World, { base, on, entries }: Stack): Promise<Stacked | null> {
  const top = entries.at(-1)
  if (top === undefined || (await blockageOf(world, base, on, top.commit)) === null) return null
  for (const stacked of entries)
    if ((await blockageOf(world, base, on, stacked.commit)) !== null) return stacked
  return null
}

/** Held with what it would be on base alone, which says when it is free. */
async function holdAlone(world: World, { base, on, command }: Stack, { entry }: Stacked): Promise<void> {
  const alone = await tryCandidate(world, entry, { on, command })
  if (isRefusal(await move(world, entry.id, 'start'))) return
  const blocked = alone.kind === 'candidate' ? await blockageOf(world, base, on, alone.commit) : null
  if (alone.kind !== 'candidate' || blocked === null) return void (await move(world, entry.id, 'fault'))
  await keep(world, [stackedOf(entry, alone)])
  await move(world, entry.id, 'hold', {
    candidate: alone.commit,
    candidateOn: on,
    verified: false,
    ...blocked,
  })
}

/** No ref, base above all, is to name what a power cut could take; the objects were written with git's defaults. */
async function keep(world: World, entries: readonly Stacked[]): Promise<void> {
  await syncFileSystem(world.repository.commonDir)
  const refs = new Map(entries.map(({ entry, commit }) => [candidateRef(entry), commit]))
  await setOwnRefs(world.repository.commonDir, refs)
}

/** queued → merging → verifying, all of them or none. False: one of them is not queued any more. */
async function record(world: World, { base, on, entries }: Stack): Promise<boolean> {
  await keep(world, entries)
  crashPoint('landing.made')
  const started = await transact(world.ledger, world.actor, async (tx) => {
    for (const { entry } of entries) {
      const step = await moveLanding(tx, entry.id, 'start')
      if (isRefusal(step)) return step
    }
    const tasks = entries.map(({ entry }) => entry.taskId)
    await tell(tx, { type: 'landing.stacked', subject: `base/${base}`, data: { on, tasks } })
    return null
  })
  if (isRefusal(started)) return false
  crashPoint('landing.started')
  await transact(world.ledger, world.actor, async (tx) => {
    let below = on
    for (const { entry, commit, resolved } of entries) {
      const told = resolved.length === 0 ? {} : { resolved }
      await moveLanding(tx, entry.id, 'merge', {
        candidate: commit,
        candidateOn: below,
        verified: false,
        told,
      })
      below = commit
    }
    return null
  })
  crashPoint('landing.merged')
  return true
}
