import {
  buildApplication,
  buildCommand,
  buildRouteMap,
  type Command,
  type CommandContext,
  run,
} from '@stricli/core'
import type { Operation } from '../../operations/operation.ts'
import { type Entry, OPERATIONS } from '../../operations/table.ts'
import { parameters } from './parameters.ts'
import { TEXT, valueSentence } from './usage-sentences.ts'
import { VERSION } from './version.ts'

export interface Named {
  readonly name: string
  readonly input: Record<string, unknown>
}

export interface Asked extends Named {
  readonly operation: Operation
}

export type Parsed =
  | { readonly kind: 'asked'; readonly asked: Asked }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'usage'; readonly message: string; readonly hint: string }

/** The words as given, not yet checked by the operation's schema. */
interface Words {
  readonly flags: Readonly<Record<string, unknown>>
  readonly args: readonly (string | undefined)[]
}

/**
 * argv → one operation with checked input. Only the operation that is asked for is loaded; of the others the help
 * needs no more than the summary. `known`: fields that need not be given, with their values.
 */
export async function parse(
  given: readonly string[],
  known: Readonly<Record<string, unknown>> = {},
): Promise<Parsed> {
  const argv = wordsOf(given)
  const entry = entryFor(argv)
  const operation = await entry?.load()
  const said: { words?: Words } = {}
  const out = new Heard()
  const words = argv.length === 0 ? ['--help'] : [...argv]
  const hear = (heard: Words): void => {
    said.words = heard
  }
  await run(application(entry, operation, hear, known), words, { process: out })
  const strange = said.words === undefined ? undefined : flagLike(said.words, words)
  if (strange !== undefined) return { kind: 'usage', ...strange }
  if (said.words !== undefined && entry !== undefined && operation !== undefined)
    return check(entry.name, operation, said.words, known)
  if (out.exitCode === 0) return { kind: 'text', text: out.said.stdout }
  const [message = '', ...rest] = out.said.stderr.trim().split('\n')
  const help = entry === undefined ? 'worklane --help' : `worklane ${entry.name} --help`
  return { kind: 'usage', message, hint: [...rest, `See: ${help}`].join(' ') }
}

/**
 * The parser takes what looks like a flag and is none, such as `-j1`, for a word. Behind `--` it is one.
 */
function flagLike({ args }: Words, argv: readonly string[]): { message: string; hint: string } | undefined {
  const end = argv.indexOf('--')
  const behind = end === -1 ? 0 : argv.length - end - 1
  const word = args.slice(0, args.length - behind).find((one) => one?.startsWith('-') === true)
  if (word === undefined) return undefined
  const [, letter, value] = /^-([A-Za-z])(.+)$/.exec(word) ?? []
  const apart = letter === undefined ? '' : `Write -${letter} ${value}. `
  return {
    message: `${JSON.stringify(word)} begins with a dash and is no flag of this command.`,
    hint: `${apart}If it is meant as a word, put it behind --`,
  }
}

/** What is asked for; nothing of it is loaded. */
export function verbIn(given: readonly string[]): string | undefined {
  return entryFor(wordsOf(given))?.name
}

/** `worklane help claim` says what `worklane claim --help` says. */
function wordsOf([first, ...rest]: readonly string[]): readonly string[] {
  if (first === 'help') return [...rest.filter((word) => !word.startsWith('-')), '--help']
  return first === undefined ? [] : [first, ...rest]
}

/** Stands in for the process, so that what the parser prints can become an answer of ours. */
class Heard {
  readonly said = { stdout: '', stderr: '' }
  readonly stdout = { write: (text: string): void => this.#add('stdout', text) }
  readonly stderr = { write: (text: string): void => this.#add('stderr', text) }
  readonly env = { STRICLI_SKIP_VERSION_CHECK: '1' }
  exitCode: number | string | null = null

  #add(stream: 'stdout' | 'stderr', text: string): void {
    this.said[stream] += text
  }
}

function entryFor(argv: readonly string[]): Entry | undefined {
  const [first = '', second = ''] = argv
  return (
    OPERATIONS.find(({ name }) => name === `${first} ${second}`) ??
    OPERATIONS.find(({ name }) => name === first)
  )
}

function check(
  name: string,
  operation: Operation,
  { flags, args }: Words,
  known: Readonly<Record<string, unknown>>,
): Parsed {
  const { positional } = operation
  const given: Record<string, unknown> = Object.fromEntries(
    Object.entries(flags).filter(
      ([key, value]) => key !== 'json' && !(Array.isArray(value) && value.length === 0),
    ),
  )
  if (positional?.many === true && args.length > 0) given[positional.field] = args
  else if (positional !== undefined && positional.many !== true && args[0] !== undefined)
    given[positional.field] = args[0]
  if (positional?.rest !== undefined && args.length > 1) given[positional.rest.field] = args.slice(1)
  if (positional?.next !== undefined && args[1] !== undefined) given[positional.next.field] = args[1]
  for (const [field, value] of Object.entries(known))
    if (field in operation.input.shape && !(field in given)) given[field] = value
  const checked = operation.input.safeParse(given)
  if (checked.success) return { kind: 'asked', asked: { name, operation, input: checked.data } }
  const [issue] = checked.error.issues
  const field = String(issue?.path[0] ?? '')
  const word = [positional, positional?.next].find((one) => one?.field === field)
  const label = word === undefined ? `--${kebab(field)}` : word.label
  return {
    kind: 'usage',
    message: valueSentence(label, issue),
    hint: `See: worklane ${name} --help`,
  }
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

type Route = Command<CommandContext> | ReturnType<typeof buildRouteMap>

function application(
  chosen: Entry | undefined,
  operation: Operation | undefined,
  hear: (words: Words) => void,
  known: Readonly<Record<string, unknown>>,
) {
  const routes: Record<string, Route> = {}
  const groups = new Map<string, Record<string, Route>>()
  // For a known command only its own route is built: that is faster, and the help of others is not asked for.
  for (const entry of chosen === undefined ? OPERATIONS : [chosen]) {
    const [first = '', second] = entry.name.split(' ')
    const command = commandFor(entry, operation, hear, known)
    if (second === undefined) routes[first] = command
    else groups.set(first, { ...groups.get(first), [second]: command })
  }
  for (const [name, group] of groups)
    routes[name] = buildRouteMap({ routes: group, docs: { brief: GROUPS[name] ?? name } })
  const root = buildRouteMap({
    routes,
    docs: { brief: 'Runs many coding agents at once on one git repository', fullDescription: INTRODUCTION },
  })
  return buildApplication(root, {
    name: 'worklane',
    versionInfo: { currentVersion: VERSION },
    scanner: { caseStyle: 'allow-kebab-for-camel', allowArgumentEscapeSequence: true },
    documentation: {
      disableAnsiColor: true,
      caseStyle: 'convert-camel-to-kebab',
      onlyRequiredInUsageLine: true,
    },
    localization: { text: TEXT },
  })
}

const GROUPS: Readonly<Record<string, string>> = {
  task: 'Tasks: what is to be done',
  lane: 'Lanes: where it is done',
  landing: 'The landing queue: what waits to land',
  archive: 'Archives: what removed lanes held',
  sandbox: 'The walls that agents work in',
}

const INTRODUCTION = `Runs many coding agents at once on one git repository.

Each task gets a lane: a git worktree with a branch, ports and limits of its own. What an agent does there is merged,
verified on the exact merged commit, and only then lands on the base branch.

Start with:  worklane run "Add a login page" "Fix the footer" --command "claude -p" --verify "npm test"`

function commandFor(
  { summary }: Entry,
  operation: Operation | undefined,
  hear: (words: Words) => void,
  known: Readonly<Record<string, unknown>>,
): Command<CommandContext> {
  const docs = { brief: summary }
  if (operation === undefined) return buildCommand({ func: () => undefined, parameters: {}, docs })
  const examples = operation.examples.map((line) => `  ${line}`).join('\n')
  return buildCommand({
    func: (flags: Record<string, unknown>, ...args: string[]) => hear({ flags, args }),
    parameters: parameters(operation, known),
    docs: { ...docs, fullDescription: `${summary}.\n\nExamples:\n${examples}` },
  } as Parameters<typeof buildCommand>[0]) as Command<CommandContext>
}
