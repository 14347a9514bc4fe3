/** What one lane may use at most. Time and output of a run are limited elsewhere: by `agents.*` of the settings. */
export interface LaneLimits {
  /** Processes and threads that live at the same time. */
  readonly processes: number
  /** Bytes. */
  readonly memory: number
  /** Share of the machine's processors, above 0 up to 1; null: whatever the others leave idle. */
  readonly cpu: number | null
  /** Open files of one process. */
  readonly files: number
  /** Bytes that the lane's directories take on the disk. */
  readonly disk: number
}

/** As the user wrote them; null: derived from the machine. */
export type AskedLimits = { readonly [K in keyof LaneLimits]: LaneLimits[K] | null } & {
  /** Bytes that all lanes together may use. */
  readonly totalMemory: number | null
}

export interface Machine {
  /** Bytes. */
  readonly memory: number
  /** Processes and threads that the system can hold; null: it does not say. */
  readonly processes: number | null
  /** Open files that one process may have at most (hard limit); null: it does not say. */
  readonly files: number | null
}

export interface MachineLimits {
  readonly lane: LaneLimits
  /** What all lanes together may use. */
  readonly total: { readonly memory: number; readonly processes: number }
}

/** What a lane may use here, and what holds it to that. */
export interface LimitsHere extends LaneLimits {
  /** Bytes that all lanes together may use. */
  readonly totalMemory: number
  /** Bytes of free disk below which nothing new is begun; 0: no floor. */
  readonly freeDisk: number
  /** Of a run: milliseconds, null for as long as it takes; and bytes of its output that are kept. */
  readonly timeLimit: number | null
  readonly outputLimit: number
  /** Whether anything holds `cpu`. */
  readonly cpuHeld: boolean
  /** Version of the control groups that hold them; null: runs are watched instead. */
  readonly groups: 1 | 2 | null
  /** False: not all of them can be held; `doctor` says why. */
  readonly whole: boolean
}

const GIGABYTE = 1e9

/**
 * A lane may use twice its even share of 60 % of the memory, since lanes do not peak at the same time, but never so
 * little that no build works (1 GB); all together 80 %, so that the engine, git and the user keep the rest. 2048
 * processes are ten times what an agent with a browser and a parallel test suite needs (threads count), and a fork bomb
 * of that size is held by the processor's shares. 8192 open files are eight times the usual limit of a shell.
 */
export function limitsFor(machine: Machine, parallel: number, asked: AskedLimits): MachineLimits {
  const most = 0.6 * machine.memory
  const derived = Math.min(most, Math.max(GIGABYTE, (2 * most) / Math.max(1, parallel)))
  const processes = asked.processes ?? 2048
  const memory = Math.floor(asked.memory ?? Math.min(derived, asked.totalMemory ?? derived))
  const files = Math.min(asked.files ?? 8192, machine.files ?? Number.POSITIVE_INFINITY)
  return {
    lane: { processes, memory, cpu: asked.cpu, files, disk: asked.disk ?? 10 * GIGABYTE },
    total: {
      memory: Math.floor(asked.totalMemory ?? Math.max(0.8 * machine.memory, memory)),
      processes: Math.max(
        processes,
        Math.min(parallel * processes, Math.floor((machine.processes ?? 32_768) / 2)),
      ),
    },
  }
}

/**
 * Bytes at which a run is ended. A lane that is nearly full already when its run begins gets some room, or no agent
 * could ever clear it up.
 */
export function diskCeiling(limit: number, atStart: number): number {
  return Math.max(limit, atStart + limit / 10)
}

/** What is free now. Null: without limit, or not known. */
export interface Supplies {
  /** Bytes above the floor. */
  readonly disk: number | null
  readonly inodes: number | null
  /** Bytes. */
  readonly memory: number
  /** Files that this process may still open. */
  readonly descriptors: number | null
}

/**
 * What is set aside for one more lane at its start: a small checkout (the floor guards what comes after), an agent
 * program before it does anything (the common ones take 200 to 400 MB), and the pipes and files of ours behind it.
 */
export const LANE_NEEDS = {
  disk: 20_000_000,
  inodes: 500,
  memory: 500_000_000,
  descriptors: 32,
} as const satisfies Readonly<Record<keyof Supplies, number>>

export interface Admission {
  /** How many more may start now. */
  readonly more: number
  /** What the rest waits for: `memory (1.2 GB free, 2 GB needed per lane)`. Null where nothing is scarce. */
  readonly scarce: string | null
}

/** The first one always may start: what it needs is a guess, and what one lane cannot have does not come by waiting. */
export function admit(
  supplies: Supplies,
  needs: Readonly<Record<keyof Supplies, number>>,
  running: number,
): Admission {
  let more = Number.POSITIVE_INFINITY
  let scarce: string | null = null
  for (const kind of ['memory', 'disk', 'inodes', 'descriptors'] as const) {
    const free = supplies[kind]
    const room = free === null ? more : Math.max(0, Math.floor(free / needs[kind]))
    if (room >= more) continue
    more = room
    scarce = `${NAMES[kind]} (${inUnits(kind, free ?? 0)} free, ${inUnits(kind, needs[kind])} needed per lane)`
  }
  if (running === 0 && more === 0) return { more: 1, scarce }
  return { more, scarce }
}

const NAMES = {
  memory: 'memory',
  disk: 'room on the disk',
  inodes: 'files on the disk',
  descriptors: 'open files',
} as const

function inUnits(kind: keyof Supplies, amount: number): string {
  return kind === 'memory' || kind === 'disk' ? inBytes(amount) : String(Math.max(0, amount))
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** `512 MB`, `1.2 GB`: for people, in thousands as settings are written. */
export function inBytes(bytes: number): string {
  const whole = Math.max(0, bytes)
  const power = whole < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(whole) / 3))
  const size = whole / 1000 ** power
  return `${size >= 100 ? Math.round(size) : Number(size.toFixed(1))} ${UNITS[power] ?? ''}`
}
