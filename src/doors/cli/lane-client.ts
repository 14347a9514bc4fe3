import { readFileSync, statSync } from 'node:fs'
import { request } from 'node:http'
import { dirname, join } from 'node:path'
import { isOpen } from '../../operations/lane-door.ts'
import { nothingAnswers } from '../../operations/usable-repository.ts'
import { type Named, verbIn } from './parse.ts'
import type { Terminal } from './terminal.ts'

/** A lane that we stand in and whose ledger cannot be seen from there: its socket is the only way to ask. */
export interface OwnLane {
  /** Undefined: nothing answers there, as in a shell of a person. */
  readonly socket: string | undefined
  /** Fields that need not be given: they are the lane's own. */
  readonly own: Readonly<Record<string, unknown>>
}

/** Bytes of an answer; what the other side sends at most, with room for its JSON. */
const MOST_BYTES = 16 * 1024 * 1024
const PATIENCE = 180_000

/** Null: we are not inside the walls of a lane, or stand in another repository there. */
export function ownLane(env: NodeJS.ProcessEnv, cwd: string): OwnLane | null {
  const { WORKLANE_LANE: lane, WORKLANE_TASK: id, WORKLANE_EPOCH: epoch } = env
  if (lane === undefined) return null
  const socket = env.WORKLANE_SOCKET || undefined
  const git = gitLinkAbove(cwd)
  // Inside walls `.git` leads to the lane's private git directory; outside, to the repository with the ledger.
  if (git === null ? socket === undefined : !git.endsWith(`/worklane/lanes/${lane}/git`)) return null
  return { socket, own: { ...(id === undefined ? {} : { id }), ...(epoch === undefined ? {} : { epoch }) } }
}

/** What the `.git` above a directory leads to; '' for a directory; null where there is none. */
function gitLinkAbove(from: string): string | null {
  for (let at = from; ; at = dirname(at)) {
    const path = join(at, '.git')
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat?.isFile() === true) return /^gitdir: (.+?)\/?\r?\n?$/.exec(readFileSync(path, 'utf8'))?.[1] ?? ''
    if (stat !== undefined) return ''
    if (dirname(at) === at) return null
  }
}

/** Not even loaded from there: the ledger and what else it needs cannot be seen. */
export function closedVerb({ socket }: OwnLane, argv: readonly string[]): string | undefined {
  const verb = verbIn(argv)
  return verb !== undefined && socket !== undefined && isOpen(verb) ? undefined : verb
}

interface Reply {
  readonly ok: boolean
  readonly data?: unknown
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string }
}

/** Asks the engine outside, and says its answer as if it had been found here. */
export async function askThrough({ socket }: OwnLane, asked: Named, terminal: Terminal): Promise<number> {
  if (socket === undefined) throw nothingAnswers()
  const { ok, data, error } = await send(socket, asked)
  if (!ok)
    return await terminal.end(asked.name, { refused: true, code: '', message: '', hint: '', ...error }, false)
  if (asked.name !== 'logs') return await terminal.end(asked.name, data, false)
  const { text = '', ...rest } = data as { text?: string }
  const show = await terminal.begin('logs', () => process.exit(0))
  show({ kind: 'text', text })
  return await terminal.end('logs', rest, false)
}

async function send(socketPath: string, { name, input }: Named): Promise<Reply> {
  const body = JSON.stringify(input)
  const path = `/${name.replaceAll(' ', '/')}`
  const headers = {
    host: 'lane',
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  }
  const text = await new Promise<string>((resolve, reject) => {
    const asking = request({ socketPath, path, method: 'POST', headers, timeout: PATIENCE }, (reply) => {
      let said = ''
      reply.setEncoding('utf8')
      reply.on('data', (chunk: string) => {
        said += chunk
        if (said.length > MOST_BYTES) reply.destroy(new Error('its answer is too long'))
      })
      reply.on('end', () => resolve(said))
      reply.on('error', reject)
    })
    asking.on('timeout', () => asking.destroy(new Error('it does not answer')))
    asking.on('error', reject)
    asking.end(body)
  }).catch((cause: Error) => {
    throw outOfReach(cause)
  })
  return JSON.parse(text) as Reply
}

function outOfReach(cause: Error): Error {
  const message = `The Worklane outside of this lane cannot be reached: ${cause.message}.`
  const hint = 'It answers while the run is at work.'
  return Object.assign(new Error(message, { cause }), { name: 'Fault', code: 'no-lane-socket', hint })
}
