import { chownSync, closeSync, constants, fstatSync, openSync, type Stats } from 'node:fs'
import { basename, dirname } from 'node:path'

/** What lies at a place, without a right to its content (open(2); the number is asm-generic/fcntl.h's). */
const O_PATH = 0o10000000

/**
 * As root: makes some of what lies below a directory a user's, while others may change what lies there. No part of a
 * path is resolved through a link, and what is given is what was looked at. `paths` are relative, bytes in latin1.
 */
export function giveBelow(
  top: string,
  paths: readonly string[],
  { uid, may }: { readonly uid: number; readonly may: (is: Stats) => boolean },
): void {
  for (const [directory, inIt] of Map.groupBy(paths, dirname)) {
    const at = openBelow(top, directory)
    if (at === null) continue
    for (const path of inIt) give(at, basename(path), uid, may)
    closeSync(at)
  }
}

/** Null: somebody has moved it away. */
function openBelow(top: string, directory: string): number | null {
  let at: number | null = openSync(top, O_PATH | constants.O_DIRECTORY)
  for (const part of directory === '.' ? [] : directory.split('/')) {
    const next = openIn(at, part, constants.O_DIRECTORY)
    closeSync(at)
    if (next === null) return null
    at = next
  }
  return at
}

function give(directory: number, name: string, uid: number, may: (is: Stats) => boolean): void {
  const at = openIn(directory, name, 0)
  if (at === null) return
  // The way to a descriptor does not go on through a link that it stands for.
  if (may(fstatSync(at))) chownSync(`/proc/self/fd/${at}`, uid, uid)
  closeSync(at)
}

function openIn(directory: number, name: string, flags: number): number | null {
  try {
    const path = Buffer.concat([Buffer.from(`/proc/self/fd/${directory}/`), Buffer.from(name, 'latin1')])
    return openSync(path, O_PATH | constants.O_NOFOLLOW | flags)
  } catch {
    return null
  }
}
