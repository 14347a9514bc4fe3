import { readFileSync } from 'node:fs'
import { freemem } from 'node:os'

/** What the machine has left for processes. Null: it does not say. */
export interface Room {
  /** Bytes, what the kernel can take back included (MemAvailable, proc(5)). */
  readonly memory: number
  /** Open files of one process, the hard limit: Node raises its own to that, and its children inherit it. */
  readonly descriptors: number | null
  /** Files that all processes together may still open. */
  readonly filesLeft: number | null
}

export function roomForProcesses(): Room {
  const limit = /^Max open files\s+\S+\s+(\d+)/m.exec(readIfThere('/proc/self/limits'))?.[1]
  const [open, free, most] = readIfThere('/proc/sys/fs/file-nr').split(/\s+/).map(Number)
  return {
    memory: freemem(),
    descriptors: limit === undefined ? null : Number(limit),
    filesLeft: most === undefined || open === undefined ? null : most - open + (free ?? 0),
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
