import { randomUUID } from 'node:crypto'
import { accessSync, closeSync, constants, existsSync, openSync, rmdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { Fault } from '../fault.ts'
import { shellWord } from '../process/shell-word.ts'
import type { Bind } from './bubblewrap.ts'
import type { Attempt, Trial } from './escape-attempts.ts'
import type { Walls } from './walls.ts'

/**
 * `through`: the walls did not hold. `policy`: it got through, and may. `nothing here`: it would fail without walls
 * too, or there is nothing of the kind on this machine, so that it proves nothing.
 */
export type EscapeOutcome = 'held' | 'through' | 'policy' | 'nothing here'

export interface Tried {
  readonly attempt: string
  readonly outcome: EscapeOutcome
}

export interface EscapeRequest<Targets> {
  readonly walls: Walls
  /** Of the walls, with their HOME and /tmp. */
  readonly room: string
  readonly attempts: readonly Attempt<Targets>[]
  readonly targets: Targets
  /** The machine's network is theirs. */
  readonly network: boolean
  /** What people let lanes read and write. */
  readonly readable: readonly string[]
  readonly writable: readonly string[]
  /** Shown inside besides. */
  readonly binds?: readonly Bind[]
}

interface Prepared {
  readonly name: string
  readonly trial: Trial | null
  readonly open: boolean
}

/**
 * Makes all attempts in one shell inside the walls.
 * @throws Fault when it does not come to its end: then nothing is known
 */
export async function tryEscape<Targets>(request: EscapeRequest<Targets>): Promise<Tried[]> {
  const { walls, room, targets, attempts, binds } = request
  const mark = `.worklane-escape-${randomUUID()}`
  const prepared = attempts.map((attempt) => prepare(attempt, targets, request))
  const script = prepared.flatMap(({ trial }, at) => (trial === null ? [] : [scriptOf(trial, mark, at)]))
  const [file = '', ...args] = walls.wrap(['/bin/sh', '-c', [...script, 'echo end'].join('\n')], {
    readable: binds ?? [],
  })
  const { stdout, stderr } = await execa(file, args, {
    cwd: '/',
    env: walls.environment({ PATH: process.env.PATH ?? '' }),
    extendEnv: false,
    stdin: 'ignore',
    // No terminal of ours is theirs.
    detached: true,
    timeout: 60_000,
    reject: false,
  })
  for (const name of ['home', 'tmp']) rmSync(join(room, name, mark), { force: true })
  const said = stdout.split('\n')
  if (said.at(-1) !== 'end')
    throw new Fault(`The walls cannot be tested: ${stderr.trim().split('\n').at(-1) ?? ''}`, {
      retry: 'later',
      hint: 'See: worklane sandbox test',
    })
  return prepared.map((one, at) => ({
    attempt: one.name,
    outcome: outcomeOf(one, gotThrough(one.trial, mark, said.includes(`${at}`))),
  }))
}

function prepare<Targets>(
  { name, network, trial }: Attempt<Targets>,
  targets: Targets,
  request: EscapeRequest<Targets>,
): Prepared {
  const made = trial(targets)
  const means = made !== null && isPossible(made)
  const named = made !== null && isNamed(made, request)
  return { name, trial: means ? made : null, open: (network === true && request.network) || named }
}

/** Whether we could do it ourselves, without walls. */
function isPossible(trial: Trial): boolean {
  if (trial.kind === 'run') return true
  const { O_RDONLY, O_WRONLY, O_APPEND, O_NONBLOCK, W_OK } = constants
  try {
    if (trial.kind === 'write') accessSync(trial.into, W_OK)
    else closeSync(openSync(trial.path, O_NONBLOCK | (trial.to === 'read' ? O_RDONLY : O_WRONLY | O_APPEND)))
    return true
  } catch {
    return false
  }
}

function isNamed<Targets>(trial: Trial, { readable, writable }: EscapeRequest<Targets>): boolean {
  if (trial.kind === 'run') return false
  const reads = trial.kind === 'open' && trial.to === 'read'
  const path = trial.kind === 'write' ? trial.into : trial.path
  const below = (place: string): boolean => path === place || path.startsWith(`${place}/`)
  return [...writable, ...(reads ? readable : [])].some(below)
}

/** Says its number where it got through, as far as that can be told inside. */
function scriptOf(trial: Trial, mark: string, at: number): string {
  return `{ ${inner(trial, mark)}; } > /dev/null 2>&1 < /dev/null && echo ${at}`
}

function inner(trial: Trial, mark: string): string {
  switch (trial.kind) {
    case 'write': {
      const path = shellWord(join(trial.into, mark))
      return trial.as === 'directory' ? `mkdir ${path}` : `true > ${path}`
    }
    case 'open':
      return `true ${trial.to === 'read' ? '<' : '>>'} ${shellWord(trial.path)}`
    case 'run':
      return `( ${trial.script} )`
  }
}

/** What is written inside can lie in a private directory of the same name: outside it is seen which. */
function gotThrough(trial: Trial | null, mark: string, said: boolean): boolean {
  if (trial?.kind === 'run' && trial.seen !== undefined) return trial.seen()
  if (trial?.kind !== 'write') return said
  const path = join(trial.into, mark)
  if (!existsSync(path)) return false
  if (statSync(path).isDirectory()) rmdirSync(path)
  else rmSync(path)
  return true
}

function outcomeOf({ trial, open }: Prepared, through: boolean): EscapeOutcome {
  if (trial === null) return 'nothing here'
  if (!through) return 'held'
  return open ? 'policy' : 'through'
}
