import { createHash } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { seedIgnored } from '../../host/files/seed.ts'
import { git } from '../../host/git/git.ts'
import { prepareVerifyCheckout } from '../../host/git/verify-checkout.ts'
import { laneEnvironment } from '../../host/process/environment.ts'
import { runCommand } from '../../host/process/run-command.ts'
import { stopTree } from '../../host/process/tree.ts'
import type { Walls } from '../../host/sandbox/walls.ts'
import { inheritedFor } from '../environment.ts'
import { mainCheckout } from '../main-checkout.ts'
import { prepareProgram } from '../program.ts'
import { hasWalls, wallsOfVerify } from '../sandbox.ts'
import type { World } from '../world.ts'

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

/** Runs the project's checks on exactly one commit, in a checkout of our own that keeps its ignored files between runs. */
export async function verifyCommit(
  world: World,
  { commit, command, log, hurry, ...request }: VerifyRequest,
): Promise<VerifyAnswer> {
  const slot = join(world.repository.home, 'verify', String(request.slot))
  await mkdir(dirname(log), { recursive: true })
  await sweep(slot)
  const broken = await prepare(world, commit, { slot, log: join(dirname(log), 'setup.log'), hurry })
  if (broken !== null) return { kind: 'fault', reason: broken }
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
  const { setup } = settings.landing
  const parts = [sandbox, settings.sandbox, setup, settings.lanes.setup, variables.sort(), process.arch]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

function matches(name: string, pattern: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}

/** Puts the checkout at the commit; a fresh one, or one whose dependencies changed, gets its ignored files and set-up. */
async function prepare(
  world: World,
  commit: string,
  { slot, log, hurry }: Omit<SlotRun, 'command'>,
): Promise<string | null> {
  const ready = `${slot}.ready`
  const { commonDir } = world.repository
  const walls = (await hasWalls(world)) ? await wallsOfVerify(world, slot, { git: true }) : undefined
  const { fresh } = await prepareVerifyCheckout({
    commonDir,
    directory: slot,
    commit,
    ...(walls === undefined ? {} : { walls }),
  })
  if (fresh) await rm(ready, { force: true })
  const setup = world.settings.landing.setup ?? world.settings.lanes.setup
  const last = await readFile(ready, 'utf8').catch(() => null)
  if (last === null) await seed(world, slot, walls)
  if (last !== null && (setup === null || !(await dependenciesChanged(world, last, commit)))) return null
  await rm(ready, { force: true })
  if (setup !== null) {
    const result = await run(world, { command: setup, slot, log, hurry })
    if (!result.green)
      return `The set-up command \`${setup}\` failed in the verify checkout; its output: ${log}`
  }
  await writeFile(ready, commit)
  return null
}

async function seed(world: World, slot: string, walls: Walls | undefined): Promise<void> {
  const from = mainCheckout(world)
  await seedIgnored({ from, to: { gitDir: join(slot, '.git'), workTree: slot }, ...world.settings.lanes })
  if (walls?.uid != null)
    await execa('chown', ['-R', '-h', '--from', `${process.getuid?.()}`, `${walls.uid}:${walls.uid}`, slot], {
      cwd: '/',
    })
}

/** Files that say what a project depends on, in any directory. */
const MANIFESTS = [
  'package.json',
  'package-lock.json',
  'pnpm-lock.yaml',
  'yarn.lock',
  'bun.lock',
  'Cargo.lock',
  'go.sum',
  'requirements*.txt',
  'pyproject.toml',
  'poetry.lock',
  'uv.lock',
  'Gemfile.lock',
  'composer.lock',
  'pom.xml',
]

async function dependenciesChanged(world: World, from: string, to: string): Promise<boolean> {
  const paths = MANIFESTS.map((name) => `:(glob)**/${name}`)
  const args = ['diff-tree', '-r', '--quiet', from, to, '--', ...paths]
  return (await git({ gitDir: world.repository.commonDir }, args, { answers: [0, 1, 128] })).exitCode !== 0
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
