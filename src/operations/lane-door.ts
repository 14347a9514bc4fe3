import { isRefusal } from '../board/refusal.ts'
import type { LaneCaller, LaneDoor } from '../engine/lane-door.ts'
import { asFault } from '../host/fault.ts'
import type { LaneAnswer, LaneRequest } from '../host/process/lane-socket.ts'
import { explain } from './explain.ts'
import type { Context } from './operation.ts'
import { OPERATIONS } from './table.ts'

/** One of the few operations that an agent may ask for. */
interface Opening {
  /** In the table of all operations. */
  readonly operation: string
  /** Fields that are the caller's own, whatever the input says. */
  readonly own: readonly (keyof Own)[]
  /** Further fields that it may give. */
  readonly free: readonly string[]
  /** What of the answer is its business. Default: all. */
  readonly show?: (answer: Record<string, unknown>) => unknown
}

interface Own {
  readonly id: number
  readonly epoch: number
}

/** What concerns a lane's own task. Everything else is closed: an agent cannot land, cancel or claim anything. */
const OPENINGS: Readonly<Record<string, Opening>> = {
  'task show': { operation: 'task show', own: ['id'], free: [] },
  'lane show': { operation: 'lane show', own: ['id'], free: [] },
  'lane diff': { operation: 'lane diff', own: ['id'], free: ['stat'] },
  logs: { operation: 'logs', own: ['id'], free: ['attempt', 'verify'] },
  status: { operation: 'status', own: [], free: [], show: counts },
  heartbeat: { operation: 'heartbeat', own: ['id', 'epoch'], free: [] },
  note: { operation: 'task note', own: ['id'], free: ['text'] },
  'task note': { operation: 'task note', own: ['id'], free: ['text'] },
}

export function isOpen(operation: string): boolean {
  return Object.hasOwn(OPENINGS, operation)
}

/** Of other tasks it gets to know how many there are. */
function counts(status: Record<string, unknown>): unknown {
  return { ...status, findings: 0, landings: [], push: null }
}

/** Bytes of an answer. Agents have git and their own output inside. */
const MOST_ANSWER_BYTES = 1024 * 1024

/** What a request comes to: an operation with its input, or why there is none. Pure. */
export type Admitted =
  | { readonly opening: Opening; readonly input: Readonly<Record<string, unknown>> }
  | { readonly status: number; readonly code: string; readonly message: string; readonly hint: string }

/** Forces what is the caller's own; whoever names another task is told so. */
export function admit({ taskId, epoch }: LaneCaller, { operation, input }: LaneRequest): Admitted {
  const opening = isOpen(operation) ? OPENINGS[operation] : undefined
  if (opening === undefined) return closed(operation)
  const own: Own = { id: taskId, epoch }
  for (const field of opening.own)
    if (input[field] !== undefined && !isSame(input[field], own[field]))
      return { status: 403, code: 'not-your-task', message: SAYS[field](taskId, epoch), hint: HINT }
  const mine: readonly string[] = opening.own
  const strange = Object.keys(input).find((name) => !mine.includes(name) && !opening.free.includes(name))
  if (strange !== undefined)
    return {
      status: 403,
      code: 'not-from-a-lane',
      message: `From inside a lane ${operation} does not take ${JSON.stringify(strange.slice(0, 40))}.`,
      hint: HINT,
    }
  const forced = Object.fromEntries(opening.own.map((field) => [field, own[field]]))
  return { opening, input: { ...input, ...forced } }
}

const HINT = `An agent may ask for: ${Object.keys(OPENINGS).join(', ')}.`
const SAYS: Readonly<Record<keyof Own, (taskId: number, epoch: number) => string>> = {
  id: (taskId) => `This lane is task ${taskId}'s, and can ask about that task only.`,
  epoch: (_, epoch) => `This run has epoch ${epoch}, and can speak for that one only.`,
}

function closed(operation: string): Admitted {
  const exists = OPERATIONS.some(({ name }) => name === operation)
  const message = exists
    ? `From inside a lane nobody can ask for ${operation}.`
    : 'There is no such operation.'
  return exists
    ? { status: 403, code: 'not-from-a-lane', message, hint: HINT }
    : { status: 404, code: 'no-such-operation', message, hint: HINT }
}

/** As 7, "7" or "#7". */
function isSame(given: unknown, own: number): boolean {
  return given === own || (typeof given === 'string' && given.replace(/^#/, '') === String(own))
}

/** The door that the engine opens for each run: the same operations as at every other door, and the same answers. */
export function laneDoor(context: Context): LaneDoor {
  return async (caller, request, world) => {
    const admitted = admit(caller, request)
    if ('status' in admitted) return failure(admitted.status, admitted)
    try {
      return await perform({ ...context, world }, caller, admitted.opening, admitted.input)
    } catch (error) {
      const fault = asFault(explain(error))
      if (fault !== null)
        return failure(503, { code: fault.code ?? 'fault', message: fault.message, hint: '' })
      return failure(500, { code: 'defect', message: 'Worklane could not answer.', hint: '' })
    }
  }
}

async function perform(
  outer: Context,
  { taskId }: LaneCaller,
  { operation: name, show = (answer) => answer }: Opening,
  input: Readonly<Record<string, unknown>>,
): Promise<LaneAnswer> {
  const operation = await OPERATIONS.find((entry) => entry.name === name)?.load()
  const checked = operation?.input.safeParse(input)
  if (operation === undefined || checked?.success !== true) {
    const [issue] = checked?.error?.issues ?? []
    const message = `${String(issue?.path[0] ?? 'input')}: ${issue?.message ?? 'cannot be used'}`
    return failure(400, { code: 'usage', message, hint: '' })
  }
  const told = new Tail(MOST_ANSWER_BYTES)
  const answer = await operation.run(insideOf(outer, taskId, told), checked.data)
  if (isRefusal(answer)) return failure(409, answer)
  const data = show(answer as Record<string, unknown>)
  return {
    status: 200,
    body: { ok: true, data: name === 'logs' ? { ...(data as object), text: told.text } : data },
  }
}

/** In the events it is the agent who acts. Nothing here waits for long, and nothing large is held. */
function insideOf(outer: Context, taskId: number, told: Tail): Context {
  const actor = { ...outer.world.actor, name: `agent:task-${taskId}` }
  return {
    ...outer,
    world: { ...outer.world, actor },
    report: (progress) => progress.kind === 'text' && told.add(progress.text),
    mostBytes: MOST_ANSWER_BYTES,
  }
}

/** The end of a text of any length. */
class Tail {
  readonly #most: number
  #text = ''

  constructor(most: number) {
    this.#most = most
  }

  add(text: string): void {
    this.#text += text
    if (this.#text.length > 2 * this.#most) this.#text = this.#text.slice(-this.#most)
  }

  get text(): string {
    return this.#text.slice(-this.#most)
  }
}

interface Failure {
  readonly code: string
  readonly message: string
  readonly hint: string
}

function failure(status: number, { code, message, hint }: Failure): LaneAnswer {
  return { status, body: { ok: false, error: { code, message, hint } } }
}
