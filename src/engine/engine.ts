import { setTimeout as wait } from 'node:timers/promises'
import { asFault, Fault } from '../host/fault.ts'
import type { Action, Controller } from './controller.ts'
import { blameDisk, wantsRoom } from './disk.ts'
import type { World } from './world.ts'

/** How often the ledger is asked whether another process changed it, and how long at most until the next look. */
const LOOK_EVERY = 50
const LOOK_AT_LEAST_EVERY = 2_000
const LONGEST_BACKOFF = 30_000
/** So often a faulty step is tried before `settle` leaves it to a later look. */
const TRIES = 5
const TRIES_FOR_ROOM = 3
/** So often the same step may succeed within so many milliseconds. */
const REPEATS = 200
const REPEATS_WITHIN = 20_000

/** A step that met a fault. */
export interface Trouble {
  readonly error: Error
  readonly tries: number
  /** Milliseconds since 1970; before this the step is not tried again. */
  readonly notBefore: number
}

/** A step that met a defect of ours. */
export interface Defect {
  readonly what: string
  readonly error: Error
}

/**
 * Runs controllers: look, plan, act, until told to stop. Steps of different keys work at the same time. A step that
 * meets a fault is tried again later, each time after a longer pause; one that can never work is left and reported. So
 * is one that meets a defect of ours, for as long as we live: what one lane brings about must not end the work on all.
 */
export class Engine {
  readonly #world: World
  readonly #controllers: readonly Controller[]
  readonly #atWork = new Map<string, Promise<void>>()
  readonly #trouble = new Map<string, Trouble>()
  readonly #repeats = new Map<string, { readonly count: number; readonly since: number }>()
  #finished = 0
  /** How things stood when the last look began: what happened since calls for another one. */
  #looked = { finished: 0, changes: 0 }
  /** Of a planner: nothing can be done without it. */
  #defect: Error | null = null
  readonly #defects = new Map<string, Defect>()

  constructor(world: World, controllers: readonly Controller[]) {
    this.#world = world
    this.#controllers = controllers
  }

  /** What went wrong with the steps that are being retried or were given up, by key. */
  get trouble(): ReadonlyMap<string, Trouble> {
    return this.#trouble
  }

  /** Steps that met a defect of ours, by key: none with that key is started any more. */
  get defects(): ReadonlyMap<string, Defect> {
    return this.#defects
  }

  /** Looks once and starts what is needed. False: nothing is at work, and nothing had to be started. */
  async look(): Promise<boolean> {
    const finished = this.#finished
    this.#looked = { finished, changes: this.#world.ledger.changeCount() }
    let started = 0
    const needed = new Set<string>()
    for (const controller of this.#controllers)
      for (const action of await this.#planOf(controller)) {
        needed.add(action.key)
        started += Number(this.#start(action))
      }
    // What nobody needs any more is no trouble: another process may have done it.
    for (const key of this.#trouble.keys())
      if (!needed.has(key) && !this.#atWork.has(key)) this.#trouble.delete(key)
    if (this.#defect !== null) throw this.#defect
    // What ended while we looked may have made room for more.
    return started > 0 || this.#atWork.size > 0 || this.#finished !== finished
  }

  /**
   * Works until every planner returns nothing that can be done now, or `enough` says so. Nothing sleeps for long: a
   * fault that stays is left after a few tries and reported in `trouble`; want of room on the disk is soon left, or
   * with `untilRoom` waited for however long it takes.
   * @throws the first defect that a step met, once all the rest is done
   */
  async settle(
    enough: () => Promise<boolean> = async () => false,
    { untilRoom = false }: { readonly untilRoom?: boolean } = {},
  ): Promise<void> {
    for (;;) {
      const busy = await this.look()
      if (await enough()) return
      if (!busy && !this.#willRetry(untilRoom)) return this.#throwDefect()
      await this.#nextChange(LOOK_AT_LEAST_EVERY)
    }
  }

  /** Works until `enough` says so, looking again at each change of the ledger and at least every two seconds. */
  async work(enough: () => Promise<boolean>): Promise<void> {
    while (!(await enough())) {
      await this.look()
      await this.#nextChange(LOOK_AT_LEAST_EVERY)
    }
  }

  /** A planner that cannot look now plans nothing; what it would have repaired waits for a later look. */
  async #planOf(controller: Controller): Promise<readonly Action[]> {
    const key = `look at ${controller.name}`
    const look = { key, what: key, act: async () => undefined }
    if ((this.#trouble.get(key)?.notBefore ?? 0) > performance.now()) return [look]
    try {
      const plan = await controller.plan()
      this.#trouble.delete(key)
      return plan
    } catch (error) {
      this.#fail(key, error)
      return [look]
    }
  }

  /**
   * Looks on, asking `each` every time, until no step is at work any more.
   * @throws the first defect that a step met
   */
  async finish(each: () => Promise<unknown>): Promise<void> {
    while (this.#atWork.size > 0) {
      await each()
      await this.look()
      await this.#nextChange(LOOK_AT_LEAST_EVERY)
    }
    this.#throwDefect()
  }

  /**
   * Waits for all steps at work to end.
   * @throws the first defect that a step met
   */
  async drain(): Promise<void> {
    while (this.#atWork.size > 0) await Promise.all(this.#atWork.values())
    this.#throwDefect()
  }

  #start(action: Action): boolean {
    if (this.#atWork.has(action.key) || this.#defects.has(action.key)) return false
    const trouble = this.#trouble.get(action.key)
    if (trouble !== undefined && trouble.notBefore > performance.now()) return false
    const work = action.act().then(
      () => this.#succeed(action),
      (error: unknown) => {
        if (asFault(error) === null)
          this.#defects.set(action.key, { what: action.what, error: asError(error) })
        else this.#fail(action.key, error)
      },
    )
    const ended = work.finally(() => {
      this.#atWork.delete(action.key)
      this.#finished += 1
    })
    this.#atWork.set(action.key, ended)
    return true
  }

  /** A step that is needed again and again although it succeeds must not become a busy loop. */
  #succeed({ key, what }: Action): void {
    this.#trouble.delete(key)
    const { count, since } = this.#repeats.get(what) ?? { count: 0, since: performance.now() }
    const fresh = performance.now() - since > REPEATS_WITHIN
    this.#repeats.set(what, fresh ? { count: 1, since: performance.now() } : { count: count + 1, since })
    if (fresh || count < REPEATS) return
    this.#repeats.delete(what)
    this.#fail(key, new Fault(`"${what}" was done ${REPEATS} times and is needed still.`, { retry: 'later' }))
  }

  #fail(key: string, error: unknown): void {
    const known = asFault(error)
    if (known === null) {
      this.#defect = asError(error)
      return
    }
    const fault = blameDisk(this.#world, known)
    const tries = (this.#trouble.get(key)?.tries ?? 0) + 1
    const atOnce = fault.retry === 'now' && tries < 3
    const pause =
      fault.retry === 'never' ? Number.POSITIVE_INFINITY : Math.min(LONGEST_BACKOFF, 250 * 2 ** tries)
    this.#trouble.set(key, { error: fault, tries, notBefore: performance.now() + (atOnce ? 0 : pause) })
  }

  #throwDefect(): void {
    for (const { error } of this.#defects.values()) throw error
  }

  #willRetry(untilRoom: boolean): boolean {
    return [...this.#trouble.values()].some(({ error, tries, notBefore }) => {
      const most = wantsRoom(error) ? (untilRoom ? Number.POSITIVE_INFINITY : TRIES_FOR_ROOM) : TRIES
      return tries < most && Number.isFinite(notBefore)
    })
  }

  /** Resolves when a step ends, when another process commits, or after `atMost` milliseconds. */
  async #nextChange(atMost: number): Promise<void> {
    const until = performance.now() + atMost
    while (performance.now() < until) {
      const { finished, changes } = this.#looked
      if (this.#finished !== finished || this.#world.ledger.changeCount() !== changes) return
      await Promise.race([wait(LOOK_EVERY), ...this.#atWork.values()])
      // Not before the wait: news stay news until the step that they call for is at work.
      if (this.#controllers.some((controller) => controller.hasNews?.() === true)) return
    }
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
