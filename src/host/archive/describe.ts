import { readlinkSync } from 'node:fs'
import { Fault } from '../fault.ts'
import { digestBytes, digestFile, type ObjectFormat } from './digest.ts'
import { permissionsOf, runsAsOwner } from './finds.ts'
import type { IndexEntry } from './index-file.ts'
import type { Area, Entry } from './manifest.ts'
import { below, onDisk, readable } from './paths.ts'
import { checkedOutAs, type UsualModes, usualMode } from './standing.ts'
import type { Node } from './walk.ts'

/** What git holds already, so that it need not be kept twice. */
export interface Catalog {
  readonly format: ObjectFormat
  /** Blobs that the archive's refs keep. */
  readonly pinned: ReadonlySet<string>
  readonly checkedOut: ReadonlyMap<string, IndexEntry>
  readonly unproven: ReadonlySet<string>
  readonly modes: UsualModes
}

/** For directories in which nothing is git's. */
export const NOTHING_KNOWN: Catalog = {
  format: 'sha1',
  pinned: new Set(),
  checkedOut: new Map(),
  unproven: new Set(),
  modes: { file: 0, executable: 0, directory: 0 },
}

/** A restore holds a blob in memory; larger files go to the tar. */
const LARGEST_BLOB = 128 << 20

/**
 * Reads a node of the file system and says how it will be brought back; null for a file of the fill that turns out
 * to be untouched. Errors of the file system pass through.
 */
export async function describe(
  area: Area,
  root: string,
  node: Node,
  catalog: Catalog,
): Promise<Entry | null> {
  if (node.type === 'file' || node.type === 'symlink') return await describeContent(area, root, node, catalog)
  if (node.type === 'directory' || node.type === 'fifo') return { ...basics(area, node), type: node.type }
  throw new Fault(`${readable(node.path)} is a ${node.type}, which cannot be archived.`, { retry: 'never' })
}

function basics(area: Area, node: Node): Omit<Entry, 'type'> {
  return {
    area,
    path: node.path,
    mode: permissionsOf(node),
    size: 0,
    mtime: node.stat.mtimeMs / 1000,
    from: 'tar',
    sha256: null,
    oid: null,
    target: null,
  }
}

async function describeContent(
  area: Area,
  root: string,
  node: Node,
  catalog: Catalog,
): Promise<Entry | null> {
  const path = below(root, node.path)
  const target = node.type === 'symlink' ? readlinkSync(onDisk(path), { encoding: 'buffer' }) : null
  const { bytes, sha256, oid } =
    target === null
      ? await digestFile(path, node.stat.size, catalog.format)
      : digestBytes(target, catalog.format)
  if (untouched(node, oid, catalog)) return null
  const common = { ...basics(area, node), size: bytes }
  if (target !== null) return { ...common, type: 'symlink', target: target.toString('latin1') }
  // Only a tar knows that two names are one file, and whose a file is that runs as its owner.
  const isPlain = node.stat.nlink === 1 && !runsAsOwner(node)
  return catalog.pinned.has(oid) && bytes <= LARGEST_BLOB && isPlain
    ? { ...common, type: 'file', from: 'blob', sha256, oid }
    : { ...common, type: 'file', sha256 }
}

/** Its times said that it may be what was checked out; now its bytes and permissions do too. */
function untouched(node: Node, oid: string, catalog: Catalog): boolean {
  const entry = catalog.checkedOut.get(node.path)
  if (entry === undefined || !catalog.unproven.has(node.path) || entry.oid !== oid) return false
  if (checkedOutAs(entry.mode) !== node.type || node.stat.size > LARGEST_BLOB) return false
  return node.type === 'symlink' || permissionsOf(node) === usualMode(catalog.modes, entry.mode)
}
