import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { execa } from 'execa'
import { Fault } from '../fault.ts'
import { readPlainFile } from '../files/plain-file.ts'
import type { Walls } from '../sandbox/walls.ts'
import { inheritedEnvironment } from './inherited-environment.ts'
import { withoutOwnDrivers } from './own-drivers.ts'
import { parseSettings, type Setting } from './settings.ts'

/** Which repository a git command works on. Always explicit: git never guesses from the current directory. */
export interface GitPlace {
  /** The repository, or a worktree's own directory inside it. */
  readonly gitDir: string
  /** Omit where the command must not see a work tree. */
  readonly workTree?: string
  readonly indexFile?: string
  /**
   * Git runs inside them. Wherever it reads a lane's work tree: of 35 ordinary commands 10 to 29 execute what a hostile
   * lane configures, and with every flag that git has still those drivers that the user's own settings look for in it.
   */
  readonly walls?: Walls
  /** Settings that hold there besides, as `key=value`. */
  readonly settings?: readonly string[]
  /** New objects go here instead of the repository; the repository is read as an alternate. */
  readonly quarantine?: string
  /** Ends what git does there: a lane can keep it waiting. */
  readonly signal?: AbortSignal
}

export interface GitOptions {
  /** A promise: git is started meanwhile, and reads it once it is there; a promise that fails is an empty input. */
  readonly input?: string | Buffer | Promise<string>
  /** Exit codes that are an answer; others are faults. Default: 0. */
  readonly answers?: readonly number[]
  /** Milliseconds. Default: two minutes, inside walls 20 seconds. */
  readonly timeout?: number
  /** Bytes of its output; more is the fault `too-much`. Default: half a gigabyte, inside walls 32 MB. */
  readonly mostBytes?: number
  /** Writers take git's optional locks (index refresh); readers never do. Default: false. */
  readonly writes?: boolean
  readonly config?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

export interface GitAnswer {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * Nothing that a repository configures may run because of us, and no maintenance starts behind our back.
 * merge.directoryRenames=false: Debian 12's git can lose a file in a "clean" merge otherwise (fixed in 2.51.1).
 */
const SAFE_CONFIG = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'gc.auto=0',
  'maintenance.auto=false',
  'gc.autoDetach=false',
  'merge.directoryRenames=false',
  'color.ui=false',
  'advice.detachedHead=false',
  'core.pager=cat',
  'protocol.allow=never',
  'protocol.file.allow=user',
  'diff.external=',
  'submodule.recurse=false',
] as const

/** Milliseconds. A lane can hold what git waits for in vain, such as a pipe in place of .gitattributes. */
const PATIENCE = 120_000
const WALLED_PATIENCE = 20_000

/** Bytes of output. All of it is held in memory, some of it several times, and a lane decides how much it is. */
const MOST_BYTES = 512 << 20
export const MOST_BYTES_OF_LANE = 32 << 20

/**
 * Runs one git command with a scrubbed environment, hooks off, no prompts and no pager. Text is decoded as latin1
 * when `bytes` is asked for through `gitBytes`; here it is UTF-8. Paths in answers: always ask for `-z`.
 */
export async function git(
  place: GitPlace,
  args: readonly string[],
  options: GitOptions = {},
): Promise<GitAnswer> {
  const answer = await spawnGit(place, args, options, 'utf8')
  return answer as GitAnswer
}

/** As `git`, but stdout byte for byte as latin1 text, for paths that need not be UTF-8. */
export async function gitBytes(
  place: GitPlace,
  args: readonly string[],
  options: GitOptions = {},
): Promise<GitAnswer> {
  return await spawnGit(place, args, options, 'latin1')
}

/** stdout without the final newline. */
export async function gitLine(
  place: GitPlace,
  args: readonly string[],
  options: GitOptions = {},
): Promise<string> {
  return (await git(place, args, options)).stdout.replace(/\n$/, '')
}

async function spawnGit(
  place: GitPlace,
  args: readonly string[],
  options: GitOptions,
  encoding: 'utf8' | 'latin1',
): Promise<GitAnswer> {
  const env = { ...inheritedEnvironment(), GIT_DIR: place.gitDir, ...options.env }
  if (place.workTree !== undefined) Object.assign(env, { GIT_WORK_TREE: place.workTree })
  if (place.indexFile !== undefined) Object.assign(env, { GIT_INDEX_FILE: place.indexFile })
  if (place.quarantine !== undefined)
    Object.assign(env, {
      GIT_OBJECT_DIRECTORY: place.quarantine,
      GIT_ALTERNATE_OBJECT_DIRECTORIES: `${await commonDirectory(place.gitDir)}/objects`,
    })
  if (options.writes !== true) Object.assign(env, { GIT_OPTIONAL_LOCKS: '0' })
  const drivers = await ownDrivers(place, args)
  const own = [...(place.settings ?? []), ...(options.config ?? [])]
  const config = [...SAFE_CONFIG, ...drivers, ...own].flatMap((entry) => ['-c', entry])
  const [file = 'git', ...argv] = behindWalls(place, ['git', ...config, ...args])
  const answers = options.answers ?? [0]
  const signal = options.signal ?? place.signal
  for (let attempt = 1; ; attempt += 1) {
    const child = await execa(file, argv, {
      // A neutral directory that only root can write: merge-tree reads .gitattributes from where it stands.
      cwd: place.walls === undefined ? (place.workTree ?? '/') : '/',
      // Out of the terminal's foreground group: Ctrl-C asks us to stop, it does not break git in the middle.
      detached: true,
      // A filter that goes on would hold what git says open.
      killDescendants: true,
      env: place.walls?.environment(env) ?? env,
      extendEnv: false,
      encoding,
      reject: false,
      stripFinalNewline: false,
      timeout: options.timeout ?? (place.walls === undefined ? PATIENCE : WALLED_PATIENCE),
      maxBuffer: options.mostBytes ?? (place.walls === undefined ? MOST_BYTES : MOST_BYTES_OF_LANE),
      ...(signal === undefined ? {} : { cancelSignal: signal }),
      ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: inputOf(options.input) }),
    })
    const exitCode = child.exitCode ?? -1
    const stdout = child.stdout as string
    const stderr = child.stderr as string
    if (answers.includes(exitCode)) return { exitCode, stdout, stderr }
    // git reads every entry of worktrees/ and dies on one that another process is just making (git 2.39 to 2.55).
    if (attempt < 8 && /worktrees\/.*\/(commondir|gitdir|HEAD)/.test(stderr)) {
      await wait(5 * 2 ** attempt)
      continue
    }
    throw gitFault(place, args, child, stderr)
  }
}

/** What git reads; of a promise that fails it sees an empty input. */
export function inputOf(input: string | Buffer | Promise<string | Buffer>): string | Buffer | Readable {
  if (!(input instanceof Promise)) return input
  const known = input.catch(() => '')
  return Readable.from(
    (async function* () {
      yield await known
    })(),
  )
}

/** What stands before the subcommand where a program of ours starts git, and not `git` here. */
export async function safeSettings(place: GitPlace): Promise<string[]> {
  const all = [...SAFE_CONFIG, ...(await ownDrivers(place, [])), ...(place.settings ?? [])]
  return all.flatMap((entry) => ['-c', entry])
}

/** How long an answer about the user's settings holds, in milliseconds. */
const SETTINGS_HOLD = 5_000

const remembered = new Map<string, { until: number; settings: Promise<readonly Setting[]> }>()

/** All that git goes by there, of the user and the machine too; without what git of ours is told besides. */
export async function listSettings(gitDir: string): Promise<readonly Setting[]> {
  const { stdout } = await git({ gitDir }, ['config', '-z', '--list'])
  // The command line comes last (git-config(1), SCOPES).
  return parseSettings(stdout).slice(0, -SAFE_CONFIG.length)
}

/** The same, as it was at most some seconds ago. */
export async function settingsOf(gitDir: string): Promise<readonly Setting[]> {
  const known = remembered.get(gitDir)
  const now = performance.now()
  if (known !== undefined && known.until > now) return await known.settings
  const settings = listSettings(gitDir)
  remembered.set(gitDir, { until: now + SETTINGS_HOLD, settings })
  // A fault is of this moment, and not to be remembered.
  settings.catch(() => remembered.delete(gitDir))
  return await settings
}

/** Outside of walls, where git reads files or signs: see own-drivers.ts. */
async function ownDrivers({ gitDir, workTree, walls }: GitPlace, args: readonly string[]): Promise<string[]> {
  if (walls !== undefined || args[0] === 'config' || (workTree === undefined && !args.includes('-S')))
    return []
  return withoutOwnDrivers(await settingsOf(gitDir), { workTree, commonDir: await commonDirectory(gitDir) })
}

function behindWalls(
  { walls, workTree, indexFile, quarantine }: GitPlace,
  argv: readonly string[],
): readonly string[] {
  if (walls === undefined) return argv
  const aside = [indexFile === undefined ? [] : [dirname(indexFile)], quarantine ?? []].flat()
  const writable = [...new Set(aside)].map((from) => ({ from }))
  return walls.wrap(argv, { writable, ...(workTree === undefined ? {} : { cwd: workTree }) })
}

function gitFault(
  place: GitPlace,
  args: readonly string[],
  child: {
    timedOut: boolean
    isCanceled: boolean
    isMaxBuffer: boolean
    exitCode?: number | undefined
    code?: string | undefined
  },
  stderr: string,
): Fault {
  const { gitDir, workTree: cwd } = place
  const name = `git ${args[0] ?? ''}`
  const { code, timedOut, isCanceled: cancelled, exitCode = -1 } = child
  if (code === 'ENOENT' && (cwd === undefined || existsSync(cwd)))
    return new Fault('git was not found on PATH.', { retry: 'never', hint: 'Install git 2.38 or newer.' })
  if (timedOut)
    return new Fault(`${name} did not finish in time.`, {
      retry: 'later',
      hint: 'Try again when the disk is less busy.',
    })
  if (child.isMaxBuffer)
    return new Fault(`${name} says more than can be held.`, { retry: 'never', code: 'too-much' })
  if (cancelled) return new Fault(`${name} was cancelled.`, { retry: 'later' })
  return new Fault(`${name} failed (exit ${exitCode}): ${lastWords(stderr)}.`, {
    retry: 'later',
    hint: `The whole command: git --git-dir='${gitDir}' ${args.join(' ').slice(0, 300)}`,
  })
}

/** The last lines of what git said, as part of a sentence. */
function lastWords(stderr: string): string {
  const lines = stderr.trim().split('\n').slice(-3).join(' ')
  return (
    lines
      .replace(/\p{Cc}+/gu, ' ')
      .replace(/\.$/, '')
      .slice(0, 400) || 'it said nothing'
  )
}

/** Bytes: PATH_MAX, and the end of the line. */
const LONGEST_PATH = 4097

/** The repository that a worktree's git directory belongs to; the directory itself for the main one. */
async function commonDirectory(gitDir: string): Promise<string> {
  const file = await readPlainFile(`${gitDir}/commondir`, LONGEST_PATH)
  return file === null ? gitDir : resolve(gitDir, file.bytes.toString().trim())
}

/** Splits an answer of a `-z` command. */
export function splitZero(text: string): string[] {
  const parts = text.split('\0')
  if (parts.at(-1) === '') parts.pop()
  return parts
}
