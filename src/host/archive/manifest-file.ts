import { createHash } from 'node:crypto'
import { createReadStream, statSync } from 'node:fs'
import { open, readFile, rename } from 'node:fs/promises'
import * as z from 'zod'
import { Fault } from '../fault.ts'
import {
  entrySchema,
  MANIFEST_FILE,
  type Manifest,
  type Summary,
  summarySchema,
  syncPath,
} from './manifest.ts'

/**
 * The file is one JSON object, written and read a line at a time: a lane decides how large it becomes, and the longest
 * string that V8 makes has half a gigabyte. Archives of before it was so have it all in one line.
 */
const FIRST_LINE = '{"version":1\n'
const LAST = ',"digest":'

/** Characters that are written, and bytes that are read, at once. */
const PORTION = 1 << 20

/** Durable before it returns. */
export async function writeManifest(directory: string, manifest: Manifest): Promise<void> {
  const temporary = `${directory}/${MANIFEST_FILE}.new`
  const file = await open(temporary, 'w', 0o600)
  try {
    const hash = createHash('sha256')
    let portion = ''
    for (const line of linesOf(manifest)) {
      hash.update(line)
      portion += `${line}\n`
      if (portion.length < PORTION) continue
      await file.writeFile(portion)
      portion = ''
    }
    await file.writeFile(`${portion}${LAST}"${hash.update('}').digest('hex')}"}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, `${directory}/${MANIFEST_FILE}`)
  await syncPath(directory)
}

/** Without the digest and the end of the object. Put together they are the text that the digest is over. */
function* linesOf(manifest: Manifest): Generator<string> {
  const { version, ...rest } = manifest
  yield `{"version":${version}`
  for (const [name, value] of Object.entries(rest)) {
    if (!Array.isArray(value)) {
      yield `,"${name}":${JSON.stringify(value)}`
      continue
    }
    yield `,"${name}":[`
    for (const [n, one] of (value as unknown[]).entries()) yield `${n === 0 ? '' : ','}${JSON.stringify(one)}`
    yield ']'
  }
}

/** A fault that no retry cures when it is missing, damaged or of a version that we do not know. */
export async function readManifest(directory: string): Promise<Manifest> {
  const entries: Manifest['entries'][number][] = []
  const deleted: string[] = []
  const summary = await read(directory, {
    entries: (one) => entries.push(entrySchema.parse(one)),
    deleted: (one) => deleted.push(z.string().parse(one)),
  })
  return { ...summary, entries, deleted }
}

/** The same without what it says of each file, which is not held in memory. */
export async function readSummary(directory: string): Promise<Summary> {
  return await read(directory, { entries: null, deleted: null })
}

/** What an archive takes on the disk. */
export function bytesOfArchive(directory: string, { tars }: Pick<Summary, 'tars'>): number {
  const { size } = statSync(`${directory}/${MANIFEST_FILE}`)
  return tars.reduce((sum, { bytes }) => sum + bytes, size)
}

/** Takes the elements of a list, one by one; null: nobody wants them. */
type Takers = Readonly<Record<string, ((one: unknown) => void) | null>>

async function read(directory: string, takers: Takers): Promise<Summary> {
  const path = `${directory}/${MANIFEST_FILE}`
  try {
    const body = (await isInLines(path)) ? await readLines(path, takers) : await readWhole(path, takers)
    return summarySchema.parse(body)
  } catch (cause) {
    throw new Fault(`The archive's manifest cannot be read: ${(cause as Error).message}`, {
      retry: 'never',
      hint: path,
      cause,
    })
  }
}

async function isInLines(path: string): Promise<boolean> {
  await using file = await open(path, 'r')
  const { buffer, bytesRead } = await file.read(Buffer.alloc(FIRST_LINE.length), 0, FIRST_LINE.length, 0)
  return buffer.toString('latin1', 0, bytesRead) === FIRST_LINE
}

async function readWhole(path: string, takers: Takers): Promise<Record<string, unknown>> {
  const { digest, ...body } = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>
  if (digest !== createHash('sha256').update(JSON.stringify(body)).digest('hex')) throw notWhole()
  for (const [name, take] of Object.entries(takers)) {
    if (take !== null) for (const one of z.array(z.unknown()).parse(body[name])) take(one)
    delete body[name]
  }
  return body
}

async function readLines(path: string, takers: Takers): Promise<Record<string, unknown>> {
  const hash = createHash('sha256')
  const body: Record<string, unknown> = {}
  let take: Takers[string] | undefined
  let digest: unknown
  for await (const line of linesIn(path)) {
    if (digest !== undefined) throw notWhole()
    if (take === undefined && line.startsWith(LAST)) {
      digest = (JSON.parse(`{${line.slice(1)}`) as { digest: unknown }).digest
      continue
    }
    hash.update(line)
    if (take !== undefined) {
      if (line === ']') take = undefined
      else take?.(JSON.parse(line.replace(/^,/, '')))
      continue
    }
    const [, name = '', value = ''] = /^[{,]"(\w+)":(.*)$/s.exec(line) ?? []
    if (value !== '[') body[name] = JSON.parse(value)
    else if (name in takers) take = takers[name] ?? null
    else {
      const list: unknown[] = []
      body[name] = list
      take = (one) => list.push(one)
    }
  }
  if (digest !== hash.update('}').digest('hex')) throw notWhole()
  return body
}

/** Without an empty one at the end. */
async function* linesIn(path: string): AsyncGenerator<string> {
  let rest = ''
  for await (const part of createReadStream(path, { encoding: 'utf8', highWaterMark: PORTION })) {
    const lines = (rest + String(part)).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
}

function notWhole(): Error {
  return new Error('its digest does not match')
}
