import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { laneEnvironment } from '../../host/process/environment.ts'
import { runCommand } from '../../host/process/run-command.ts'
import { stopTree } from '../../host/process/tree.ts'
import { inheritedFor } from '../environment.ts'
import { prepareProgram } from '../program.ts'
import { wallsOfVerify } from '../sandbox.ts'
import type { World } from '../world.ts'
import { prepareSlot } from './verify-slot.ts'

export type VerifyAnswer =
  | { readonly kind: 'green' }
  | { readonly kind: 'red'; readonly tail: string }
  | { readonly kind: 'fault'; readonly reason: string }

/** What a shell answers when it cannot run the command at all (POSIX sh, 2.8.2). */
const CANNOT_RUN = [126, 127]

export interface VerifyRequest {
  readonly commit: string
  readonly command: string
  /** Number of the checkout. */
  readonly slot: number
  /** File for the output; that of the set-up goes beside it. */
  readonly log: string
  readonly hurry: AbortSignal
}

/** Runs the project's checks on exactly one commit, in a checkout of our own that has what the set-up made besides. */
export async function verifyCommit(
  world: World,
  { commit, command, log, hurry, ...request }: VerifyRequest,
): Promise<VerifyAnswer> {
  const slot = join(world.repository.home, 'verify', String(request.slot))
  await mkdir(dirname(log), { recursive: true })
  await sweep(slot)
  const setUp = async (setup: string): Promise<string | null> => {
    const where = join(dirname(log), 'setup.log')
    const { green } = await run(world, { command: setup, slot, log: where, hurry })
    return green
      ? null
      : `The set-up command \`${setup}\` failed in the verify checkout; its output: ${where}`
  }
  const problem = await prepareSlot(world, commit, { slot, setUp, signal: hurry })
  if (problem !== null) return { kind: 'fault', reason: problem }
  const result = await run(world, { command, slot, log, hurry })
  if (result.green) return { kind: 'green' }
  const tail = result.tail.trim()
  if (result.exitCode === null || !CANNOT_RUN.includes(result.exitCode))
    return { kind: 'red', tail: tail.slice(-3000) }
  return { kind: 'fault', reason: `The verify command \`${command}\` cannot be run: ${tail.slice(-200)}` }
}

/** What a verify run depends on beside tree and command: a digest, for the results that are kept. */
export function verifyEnvironment(world: World): string {
  const { settings, sandbox } = world
  const names = inheritedFor(world, { for: 'verify' })
  const variables = Object.entries(process.env).filter(([name]) => names.some((one) => matches(name, one)))
  const { setup, keep } = settings.landing
  const parts = [sandbox, settings.sandbox, setup, keep, settings.lanes.setup, variables.sort(), process.arch]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

function matches(name: string, pattern: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}

interface SlotRun {
  readonly command: string
  readonly slot: string
  /** File for the output. */
  readonly log: string
  readonly hurry: AbortSignal
}

/** Slots in which nothing runs but what this process started and saw to its end. */
const swept = new Set<string>()

/** The same in every process, so that the next one finds what a killed one left running in the slot. */
function tokenOf(slot: string): string {
  return `verify-${createHash('sha256').update(slot).digest('hex').slice(0, 24)}`
}

async function sweep(slot: string): Promise<void> {
  if (swept.has(slot)) return
  await stopTree(tokenOf(slot), { grace: 1_000 })
  swept.add(slot)
}

async function run(
  world: World,
  { command, slot, log, hurry }: SlotRun,
): Promise<Awaited<ReturnType<typeof runCommand>>> {
  const token = tokenOf(slot)
  const tmpdir = `${slot}.tmp`
  await mkdir(tmpdir, { recursive: true })
  const env = laneEnvironment({
    task: 0,
    lane: 0,
    epoch: 0,
    run: token,
    port: null,
    portCount: 0,
    tmpdir,
    project: 'worklane-verify',
    inherit: inheritedFor(world, { for: 'verify' }),
  })
  const { timeLimit } = world.settings.landing
  const program = await prepareProgram(world, {
    command,
    env,
    purpose: { for: 'verify' },
    laneId: 0,
    room: `${slot}.room`,
    walls: async (network) => await wallsOfVerify(world, slot, { network }),
  })
  // Unless it ends in order, the next one looks again for what is left.
  swept.delete(slot)
  const result = await runCommand({
    command,
    cwd: slot,
    env: program.env,
    wrap: program.wrap,
    walled: program.walled,
    token,
    outputPath: log,
    outputLimit: world.settings.agents.outputLimit,
    timeLimit,
    signal: hurry,
    redact: world.actor.redact,
  }).finally(program.close)
  swept.add(slot)
  return result
}
