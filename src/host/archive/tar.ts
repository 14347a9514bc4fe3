import { Readable } from 'node:stream'
import { execa } from 'execa'
import { Fault } from '../fault.ts'
import type { Area } from './manifest.ts'

/**
 * GNU tar, because it keeps names byte for byte, holes, hard links and times to the nanosecond, and because what
 * checks an archive should not be the code that wrote it. LC_ALL=C: names are bytes. TAR_OPTIONS does not reach it.
 */
async function tar(args: readonly string[], cwd: string, input?: Iterable<Buffer>): Promise<TarAnswer> {
  const child = await execa('tar', [...args], {
    cwd,
    env: { LC_ALL: 'C', PATH: process.env.PATH ?? '/usr/bin:/bin' },
    extendEnv: false,
    reject: false,
    maxBuffer: 1 << 20,
    ...(input === undefined ? { stdin: 'ignore' as const } : { input: Readable.from(input) }),
  })
  if (child.exitCode !== undefined) return { exitCode: child.exitCode, complaint: child.stderr.slice(-400) }
  throw new Fault(`tar could not be run: ${child.shortMessage}`, { retry: 'later', hint: 'Install GNU tar.' })
}

/** 0: complete. 1: something changed while it was read. */
export interface TarAnswer {
  readonly exitCode: number
  readonly complaint: string
}

export function tarFault({ exitCode, complaint }: TarAnswer): Fault {
  return new Fault(`tar failed (exit ${exitCode}): ${complaint}`, {
    retry: 'later',
    hint: 'Is the disk full, or a file unreadable?',
  })
}

/** A file as a member: its area and its latin1 path there. */
export interface Member {
  readonly area: Area
  readonly path: string
}

/**
 * Writes the members to a tar file. `staging` holds one symlink per area, named like it, so that members are called
 * `files/a/b`. Exit code 0: complete. 1: something changed while it was read. 2: anything else, among it a file that
 * has vanished; the caller looks whether that is so.
 */
export async function pack(file: string, staging: string, members: readonly Member[]): Promise<TarAnswer> {
  const args = [
    '--create',
    `--file=${file}`,
    '--format=posix',
    // Only what is restored: both would add two header blocks to each member.
    '--pax-option=delete=atime,delete=ctime',
    '--numeric-owner',
    '--sparse',
    '--no-recursion',
    '--null',
    '--no-unquote',
    '--verbatim-files-from',
    '--files-from=-',
  ]
  return await tar(args, staging, namesOf(members))
}

/** Characters of names that tar is given at once: together they can be longer than a string may be. */
const PORTION = 1 << 16

function* namesOf(members: readonly Member[]): Generator<Buffer> {
  let portion = ''
  for (const { area, path } of members) {
    portion += `${area}/${path}\0`
    if (portion.length < PORTION) continue
    yield Buffer.from(portion, 'latin1')
    portion = ''
  }
  yield Buffer.from(portion, 'latin1')
}

/** Everything, each area in a directory of its name. */
export async function unpack(file: string, into: string): Promise<void> {
  await extract([`--file=${file}`], into)
}

/** One area, straight into a directory. There must be a member in it. */
export async function unpackArea(file: string, area: Area, into: string): Promise<void> {
  await extract([`--file=${file}`, '--strip-components=1', area], into)
}

async function extract(args: readonly string[], into: string): Promise<void> {
  const fixed = ['--extract', '--same-permissions', '--delay-directory-restore', '--numeric-owner']
  const answer = await tar([...fixed, ...args], into)
  if (answer.exitCode !== 0) throw tarFault(answer)
}
