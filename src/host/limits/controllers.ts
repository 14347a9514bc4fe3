/** What a control group can do for us, by the kernel's names (cgroups(7)). */
export const CONTROLLERS = ['pids', 'memory', 'cpu', 'cpuacct', 'freezer'] as const
export type Controller = (typeof CONTROLLERS)[number]

/** The directory of one group, for each controller that has one. In version 2 it is the same for all. */
export type Homes = Readonly<Partial<Record<Controller, string>>>

/** Null: no limit. */
export interface GroupLimits {
  /** Processes and threads. */
  readonly processes: number | null
  /** Bytes. */
  readonly memory: number | null
  /** Share of the machine's processors, above 0 up to 1. */
  readonly cpu: number | null
  /** How many ordinary programs it counts for when processors are short. */
  readonly weight: number
}

/** What a group has used. Zero where the kernel does not count it. */
export interface GroupUsage {
  /** Bytes. */
  readonly memory: number
  readonly peakMemory: number
  readonly processes: number
  readonly peakProcesses: number
  /** Milliseconds on a processor. */
  readonly cpuTime: number
  readonly memoryKills: number
  readonly refusedForks: number
}

/** One version of the kernel's interface. */
export interface Dialect {
  readonly version: 1 | 2
  /** What is written where to set the limits; an optional one may be missing from the kernel. */
  settings(homes: Homes, limits: GroupLimits): readonly Setting[]
  usage(homes: Homes): GroupUsage
  /** What is written where to suspend (true) or resume it, and what shows that it has happened; null: cannot. */
  freezing(homes: Homes, frozen: boolean): Freezing | null
  /** A file that ends every process of the group at once when `1` is written to it; null: there is none. */
  killer(homes: Homes): string | null
}

export interface Setting {
  readonly file: string
  readonly value: string
  readonly optional?: true
}

export interface Freezing {
  readonly file: string
  readonly value: string
  readonly shownBy: { readonly file: string; readonly pattern: RegExp }
}

/** Each directory once. */
export function directoriesOf(homes: Homes): string[] {
  return [...new Set(Object.values(homes))]
}
