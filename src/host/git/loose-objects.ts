import { open, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { constants, inflate } from 'node:zlib'
import { Fault } from '../fault.ts'

/** An object in a file of its own: `<type> <size> NUL <content>`, deflated (git: object-file.c). */
export interface LooseObject {
  readonly oid: string
  readonly type: string
  /** Bytes of the content. */
  readonly size: number
  readonly file: string
}

const inflated = promisify(inflate)

/** More than enough for what stands before the content. */
const HEADER = 128
/**
 * Bytes of a file in which the header lies. Before the first byte of it comes the table of the codes, as large as some 300
 * bytes (RFC 1951, 3.2.7): 128 of them gave one byte of /bin/true.
 */
const BEGINNING = 4_096

/** The objects of a directory that git has just written, by name, and now on the disk; null where it holds packs. */
export async function looseObjects(objects: string): Promise<Map<string, LooseObject> | null> {
  const names = await readdir(objects)
  if (names.includes('pack')) return null
  const found = names
    .filter((name) => /^[0-9a-f]{2}$/.test(name))
    .map(async (name) => {
      const files = await readdir(join(objects, name))
      return await Promise.all(files.map((file) => readHeader(name + file, join(objects, name, file))))
    })
  return new Map((await Promise.all(found)).flat().map((object) => [object.oid, object]))
}

async function readHeader(oid: string, file: string): Promise<LooseObject> {
  await using opened = await open(file, 'r')
  await opened.sync()
  const { buffer, bytesRead } = await opened.read(Buffer.alloc(BEGINNING), 0, BEGINNING, 0)
  // Only the beginning is there, and only that is asked for.
  const start = await inflated(buffer.subarray(0, bytesRead), { finishFlush: constants.Z_SYNC_FLUSH })
  const [, type = '', size = ''] =
    /^(commit|tree|blob|tag) (\d+)\0/.exec(start.toString('latin1', 0, HEADER)) ?? []
  if (type === '') throw new Fault(`The object ${oid} cannot be read.`, { retry: 'later' })
  return { oid, type, size: Number(size), file }
}

export async function readLoose({ file, size }: LooseObject): Promise<Buffer> {
  const whole = await inflated(await readFile(file), { maxOutputLength: size + HEADER })
  return whole.subarray(whole.indexOf(0) + 1)
}
