import { access, mkdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Fault } from '../fault.ts'
import { type Dialect, directoriesOf, type GroupLimits, type GroupUsage, type Homes } from './controllers.ts'
import { readPids } from './counters.ts'

/** How long processes may take to suspend or end; one in a hung disk call does neither. */
const PATIENCE = 5_000

/** A control group: processes that have limits together. */
export class Group {
  readonly #dialect: Dialect
  readonly #homes: Homes

  constructor(dialect: Dialect, homes: Homes) {
    this.#dialect = dialect
    this.#homes = homes
  }

  /** A process that writes `0` to `cgroup.procs` in each of these is in the group. */
  get directories(): readonly string[] {
    return directoriesOf(this.#homes)
  }

  /** Whether the kernel itself refuses what goes beyond these limits. */
  get holds(): { readonly processes: boolean; readonly memory: boolean } {
    return { processes: this.#homes.pids !== undefined, memory: this.#homes.memory !== undefined }
  }

  pids(): number[] {
    return readPids(this.directories[0] ?? '')
  }

  usage(): GroupUsage {
    return this.#dialect.usage(this.#homes)
  }

  /** False: the kernel cannot, or the processes do not stop in time. */
  async freeze(): Promise<boolean> {
    return await this.#setFrozen(true)
  }

  async thaw(): Promise<boolean> {
    return await this.#setFrozen(false)
  }

  /** Ends all its processes, suspended ones included, however fast they start others. False: some do not end. */
  async kill(): Promise<boolean> {
    const killer = this.#dialect.killer(this.#homes)
    if (killer !== null && (await tryWrite(killer, '1'))) return await this.#emptied(async () => {})
    await this.freeze()
    return await this.#emptied(async () => {
      for (const pid of this.pids()) sendKill(pid)
      // In version 1 a suspended process ends only when it is resumed.
      await this.#write(false)
    })
  }

  /** Removes the group; what still lives in it is ended. One that cannot be removed now is swept later. */
  async close(): Promise<void> {
    if (this.pids().length > 0) await this.kill()
    await removeGroup(this.directories)
  }

  async #emptied(each: () => Promise<void>): Promise<boolean> {
    for (const deadline = performance.now() + PATIENCE; performance.now() < deadline; await wait(5)) {
      await each()
      if (this.pids().length === 0) return true
    }
    return false
  }

  async #setFrozen(frozen: boolean): Promise<boolean> {
    const freezing = this.#dialect.freezing(this.#homes, frozen)
    if (freezing === null || !(await this.#write(frozen))) return false
    const { file, pattern } = freezing.shownBy
    for (const deadline = performance.now() + PATIENCE; performance.now() < deadline; await wait(5))
      if (pattern.test(await readFile(file, 'latin1').catch(() => ''))) return true
    return false
  }

  async #write(frozen: boolean): Promise<boolean> {
    const freezing = this.#dialect.freezing(this.#homes, frozen)
    return freezing !== null && (await tryWrite(freezing.file, freezing.value))
  }
}

/**
 * A group `name` below `parent`, with its limits. One of that name that is already there gets the limits.
 * @throws Fault when the kernel does not let us.
 */
export async function makeGroup(
  dialect: Dialect,
  parent: Homes,
  name: string,
  limits: GroupLimits,
): Promise<Homes> {
  const homes = homesBelow(parent, name)
  try {
    for (const directory of directoriesOf(homes)) await makeDirectory(directory)
    for (const { file, value, optional } of dialect.settings(homes, limits))
      if (optional !== true || (await isThere(file))) await writeFile(file, value)
    return homes
  } catch (cause) {
    await removeGroup(directoriesOf(homes))
    throw new Fault(`The limits could not be set: ${(cause as Error).message}`, {
      retry: 'later',
      code: 'limits',
      hint: 'See why with: worklane doctor',
      cause,
    })
  }
}

/** The group `name` below a group. */
export function homesBelow(parent: Homes, name: string): Homes {
  return Object.fromEntries(
    Object.entries(parent).map(([controller, directory]) => [controller, join(directory, name)]),
  )
}

/** Never its parents: they would have no limits. */
async function makeDirectory(directory: string): Promise<void> {
  await mkdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
}

/** Empty directories only; the kernel removes what is in them. Right after the end of a process it may still refuse. */
export async function removeGroup(directories: readonly string[]): Promise<boolean> {
  const left = new Set(directories)
  for (const deadline = performance.now() + PATIENCE; ; await wait(5)) {
    let busy = false
    for (const directory of left)
      try {
        await rmdir(directory)
        left.delete(directory)
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (code === 'EBUSY') busy = true
        else if (code === 'ENOENT') left.delete(directory)
      }
    if (!busy || performance.now() >= deadline) return left.size === 0
  }
}

function sendKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Gone meanwhile.
  }
}

async function isThere(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  )
}

async function tryWrite(file: string, value: string): Promise<boolean> {
  return await writeFile(file, value).then(
    () => true,
    () => false,
  )
}
