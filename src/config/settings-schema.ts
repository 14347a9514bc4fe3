import { posix } from 'node:path'
import * as z from 'zod'
import { branchTemplate, plainBranch } from './branch-template.ts'
import { parseDuration, parseSize } from './duration.ts'
import {
  checkFields,
  commandRule,
  converted,
  type FieldRule,
  listOf,
  optional,
  section,
  trueOrFalse,
  wholeNumber,
} from './fields.ts'
import { usageAt } from './place.ts'
import { type KeptPlaces, refuseKeptPlaces } from './sandbox-paths.ts'
import { LANDING_STYLES, SANDBOX_MODES, type Settings } from './settings.ts'
import { NETWORK } from './tasks/rules.ts'
import { parseYaml, type YamlSource } from './yaml-source.ts'

/**
 * The text of a settings file as settings, with `defaults` for what it leaves out. Loaded only where there is such
 * a file: zod and yaml take some 90 ms.
 * @throws UsageError
 */
export function parseSettings(file: string, text: string, defaults: Settings, places: KeptPlaces): Settings {
  const source = parseYaml(file, text)
  const known = (path: readonly PropertyKey[]) => keysAt(defaults, path)
  const settings = checkFields({ source, path: [], what: 'The file', known }, source.value, schema(defaults))
  refuseKeptPlaces(source, settings, places)
  refuseMoreThanAll(source, settings)
  const { landing, lanes } = settings
  return { ...settings, landing: { ...landing, setup: landing.setup ?? lanes.setup } }
}

/** One lane cannot have more than all together. */
function refuseMoreThanAll(source: YamlSource, { limits }: Settings): void {
  const { memory, totalMemory } = limits
  if (memory === null || totalMemory === null || memory <= totalMemory) return
  throw usageAt(
    source.place(['limits', 'memory']),
    'limits.memory, of one lane, is more than limits.totalMemory, of all together.',
    'Lower the one or raise the other.',
  )
}

function keysAt(defaults: Settings, path: readonly PropertyKey[]): string[] {
  let node: unknown = defaults
  for (const step of path) node = (node as Record<PropertyKey, unknown>)[step]
  return typeof node === 'object' && node !== null ? Object.keys(node) : []
}

function schema({ base, lanes, agents, landing, archive, sandbox, limits }: Settings): z.ZodType<Settings> {
  return section({
    base: optional(BASE, base),
    lanes: section({
      directory: optional(DIRECTORY, lanes.directory),
      branch: optional(TEMPLATE, lanes.branch),
      copy: listOf(pattern('copy: [".env"]')),
      link: listOf(path('link: ["node_modules"]')),
      setup: optional(commandRule('setup: npm ci'), lanes.setup),
      ports: section({
        from: optional(wholeNumber(1024, 60_000, 'from: 20000'), lanes.ports.from),
        count: optional(wholeNumber(1, 100, 'count: 10'), lanes.ports.count),
      }),
      refresh: optional(trueOrFalse('refresh: false'), lanes.refresh),
    }),
    agents: section({
      command: optional(commandRule('command: claude -p'), agents.command),
      parallel: optional(wholeNumber(1, 1000, 'parallel: 4'), agents.parallel),
      attempts: optional(wholeNumber(1, 100, 'attempts: 3'), agents.attempts),
      timeLimit: optional(duration('timeLimit: 2h'), agents.timeLimit),
      outputLimit: optional(size('outputLimit: 20mb'), agents.outputLimit),
      environment: listOf(VARIABLE),
    }),
    checks: listOf(commandRule('checks: ["npm test"]')),
    landing: section({
      verify: optional(commandRule('verify: npm test'), landing.verify),
      style: optional(STYLE, landing.style),
      review: optional(trueOrFalse('review: true'), landing.review),
      timeLimit: optional(duration('timeLimit: 30m'), landing.timeLimit),
      setup: optional(commandRule('setup: npm ci'), landing.setup),
      keep: listOf(path('keep: ["target"]')),
      slots: optional(wholeNumber(1, 64, 'slots: 2'), landing.slots),
      batch: optional(wholeNumber(1, 64, 'batch: 8'), landing.batch),
      everyCommit: optional(trueOrFalse('everyCommit: true'), landing.everyCommit),
      push: optional(REMOTE, landing.push),
      resolve: optional(trueOrFalse('resolve: false'), landing.resolve),
      changelogs: listOf(NAME, landing.changelogs),
    }),
    archive: section({
      ignored: listOf(pattern('ignored: ["*.sqlite"]')),
      keepFor: optional(duration('keepFor: 30d'), archive.keepFor),
      atMost: optional(size('atMost: 5gb'), archive.atMost),
    }),
    sandbox: section({
      mode: optional(MODE, sandbox.mode),
      network: optional(NETWORK, sandbox.network),
      read: listOf(OUTSIDE),
      write: listOf(OUTSIDE),
      home: listOf(IN_HOME),
      largestFile: optional(size('largestFile: 100mb'), sandbox.largestFile),
    }),
    limits: section({
      freeDisk: optional(FREE_DISK, limits.freeDisk),
      processes: optional(wholeNumber(16, 4_000_000, 'processes: 2048'), limits.processes),
      memory: optional(memory('memory: 4gb'), limits.memory),
      totalMemory: optional(memory('totalMemory: 12gb'), limits.totalMemory),
      cpu: optional(SHARE, limits.cpu),
      files: optional(wholeNumber(64, 1_000_000, 'files: 8192'), limits.files),
      disk: optional(size('disk: 10gb'), limits.disk),
    }),
  })
}

const plainText = z
  .string()
  .min(1)
  .max(1000)
  // Nor what shows text in another order than it has.
  .refine((text) => !/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u.test(text) && text.isWellFormed())

/** Slashes of both kinds, since a path that is harmless here must be harmless everywhere. */
function segments(path: string): string[] {
  const plain = posix.normalize(path.replaceAll('\\', '/'))
  return plain.split('/').filter((part) => part !== '' && part !== '.')
}

/** Names something, and nothing in git's own directory. */
function harmless(path: string): boolean {
  const parts = segments(path)
  return parts.length > 0 && !parts.some((part) => part.toLowerCase() === '.git')
}

function inside(path: string): boolean {
  return harmless(path) && segments(path)[0] !== '..'
}

const DIRECTORY: FieldRule<string> = {
  // A shell would expand ~, nothing else does: it would be a directory of that name.
  schema: plainText.refine((path) => harmless(path) && !path.startsWith('~')),
  must: 'a directory of its own, relative to the main worktree or absolute',
  example: 'directory: .worktrees',
}

const BASE: FieldRule<string> = {
  schema: plainText.refine(plainBranch),
  must: 'the name of a branch',
  example: 'base: main',
}

/** A name and no URL: which could hold a password, and what a name leads to is the user's own to say. */
const REMOTE: FieldRule<string> = {
  schema: plainText.refine((name) => plainBranch(name) && !name.includes(':')),
  must: 'the name of a remote',
  example: 'push: origin',
}

const TEMPLATE: FieldRule<string> = {
  schema: plainText.transform(branchTemplate),
  must: 'the name of a branch with {id} in it',
  example: 'branch: task/{id}-{slug}',
}

function path(example: string): FieldRule<string> {
  return {
    schema: plainText.refine((text) => inside(text) && !/^[\\/]|[*?[\]!]/.test(text)),
    must: 'a path relative to the repository, without wildcards',
    example,
  }
}

function pattern(example: string): FieldRule<string> {
  return {
    schema: plainText.refine((text) => inside(text.replace(/^!/, ''))),
    must: 'a pattern for files inside the repository',
    example,
  }
}

const NAME: FieldRule<string> = {
  schema: plainText.refine((name) => inside(name) && !/[\\/!]/.test(name)),
  must: 'the name of a file, in which * stands for anything',
  example: 'changelogs: ["CHANGELOG*"]',
}

const VARIABLE: FieldRule<string> = {
  schema: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,200}\*?$/),
  must: 'the name of a variable, which may end in *',
  example: 'environment: ["NPM_TOKEN", "AWS_*"]',
}

const STYLE: FieldRule<Settings['landing']['style']> = {
  schema: z.enum(LANDING_STYLES),
  must: `one of ${LANDING_STYLES.join(', ')}`,
  example: 'style: merge',
}

const MODE: FieldRule<Settings['sandbox']['mode']> = {
  schema: z.enum(SANDBOX_MODES),
  must: `one of ${SANDBOX_MODES.join(', ')}`,
  example: 'mode: walls',
}

const OUTSIDE: FieldRule<string> = {
  schema: plainText.refine(
    (path) => /^(\/|~\/)/.test(path) && harmless(path) && !segments(path).includes('..'),
  ),
  must: 'an absolute path, or one that begins with ~/',
  example: 'read: ["~/.rustup"]',
}

const IN_HOME: FieldRule<string> = {
  schema: plainText.refine((path) => inside(path) && !/^[\\/~]/.test(path)),
  must: 'a path relative to HOME',
  example: 'home: [".npmrc"]',
}

function size(example: string): FieldRule<number> {
  return converted(parseSize, 'a size with a unit', example)
}

/** Less than a shell and git need would end every run before it begins. */
const LEAST_MEMORY = 32_000_000

function memory(example: string): FieldRule<number> {
  return {
    schema: z.string().transform(parseSize).pipe(z.number().min(LEAST_MEMORY)),
    must: 'a size with a unit, of 32mb or more',
    example,
  }
}

const SHARE: FieldRule<number> = {
  schema: z.number().min(0.01).max(1),
  must: 'a share of the processors from 0.01 to 1',
  example: 'cpu: 0.5',
}

const FREE_DISK: FieldRule<number> = {
  schema: z.union([z.literal(0), z.string().transform(parseSize)]),
  must: '0 or a size with a unit',
  example: 'freeDisk: 200mb',
}

function duration(example: string): FieldRule<number> {
  return converted(parseDuration, 'a duration with a unit', example)
}
