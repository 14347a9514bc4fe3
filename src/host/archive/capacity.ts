import { getHeapStatistics } from 'node:v8'
import { Fault } from '../fault.ts'
import type { AreaFound } from './areas.ts'
import { readable } from './paths.ts'

/**
 * What an archive can take. A lane beyond it stands as it is: its files decide about our memory and our time, and the
 * engine must not end, or do nothing else for hours, because of one of them.
 */
const MOST = {
  /** Bytes of memory, of all archives that this process makes and checks at the same time. */
  held: getHeapStatistics().heap_size_limit / 2,
  /** Bytes that are to be read and take no room on the disk: holes, and files with several names. */
  unheld: 64_000_000_000,
  /** PATH_MAX, without the zero at its end. */
  path: 4095,
}

/** Bytes of memory for each file, and for each byte of its path (measured: 1.2 million files, 1.8 GB). */
const COST = { file: 1500, byte: 3 }

let held = 0

/** What one archive has in memory, until it is disposed of. */
export class Load {
  readonly #most: number
  #own = 0

  constructor(most: number = MOST.held) {
    this.#most = most
  }

  /** `more`: bytes that are held of it besides, such as where a symlink leads. */
  add(path: string, more = 0): void {
    const bytes = COST.file + COST.byte * (path.length + more)
    this.#own += bytes
    held += bytes
    if (held <= this.#most) return
    if (this.#own <= this.#most)
      throw new Fault('Other lanes that are being archived take all memory that there is for it.', {
        retry: 'later',
      })
    throw new Fault('The lane holds more files than can be archived.', {
      retry: 'never',
      hint: 'Delete those that nobody needs, or pack them into one file; then: worklane prune',
    })
  }

  [Symbol.dispose](): void {
    held -= this.#own
  }
}

/** Before anything is read. `root`: the longest directory below which the archive unpacks what it holds. */
export function refuseBeyond(areas: readonly AreaFound[], root: string): void {
  const inodes = new Set<number>()
  let unheld = 0
  for (const { area, nodes } of areas) {
    const room = MOST.path - Buffer.byteLength(`${root}/${area}/`)
    for (const { path, type, stat } of nodes) {
      if (path.length > room) throw tooDeep(path)
      if (type !== 'file') continue
      unheld += stat.size
      if (stat.nlink === 1 || !inodes.has(stat.ino)) unheld -= Math.min(stat.size, stat.blocks * 512)
      if (stat.nlink > 1) inodes.add(stat.ino)
      if (unheld > MOST.unheld) throw tooHollow(path)
    }
  }
}

export function tooDeep(path: string): Fault {
  return new Fault(`The lane cannot be archived: a path in it is too long, ${short(path)}`, {
    retry: 'never',
    hint: 'Move what lies there higher up, or delete it; then: worklane prune',
  })
}

function tooHollow(path: string): Fault {
  return new Fault(
    `The lane cannot be archived: files such as ${short(path)} are far larger than the room that they take on the disk.`,
    {
      retry: 'never',
      hint: 'Delete those with holes and those with many names that nobody needs; then: worklane prune',
    },
  )
}

function short(path: string): string {
  const text = readable(path)
  return text.length > 100 ? `${text.slice(0, 100)}…` : text
}
