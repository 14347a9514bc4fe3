import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  parseDocument,
  visit,
} from 'yaml'
import { type Place, printable, quoted, usageAt } from './place.ts'
import { UsageError } from './usage-error.ts'

/** One YAML (or JSON) document as plain values, and where in the file each of them stands. */
export interface YamlSource {
  readonly value: unknown
  /** The place of the value at `path`, of its key in a mapping; of the nearest part above it that exists. */
  place(path: readonly PropertyKey[]): Place
}

/**
 * YAML 1.2 core: plain values only. Refused: syntax errors, several documents, tags, repeated or non-text keys,
 * unknown aliases, aliases that multiply, nesting that exhausts the stack. Merge keys (`<<`) are ordinary keys.
 * @throws UsageError
 */
export function parseYaml(file: string, text: string): YamlSource {
  const lines = new LineCounter()
  const placeOf = (offset: number): Place => ({ file, line: Math.max(1, lines.linePos(offset).line) })
  refuseCrowd(file, text)
  try {
    const document = parseDocument(text, {
      version: '1.2',
      schema: 'core',
      strict: true,
      stringKeys: true,
      resolveKnownTags: false,
      lineCounter: lines,
      prettyErrors: false,
      // yaml's own check compares each key with each other: a mapping of 100,000 keys would take minutes.
      uniqueKeys: false,
      // With 'silent', further documents are dropped without an error.
      logLevel: 'error',
    })
    refuseProblems(document, placeOf, formatOf(file))
    refuseRepeats(document, placeOf)
    // yaml counts what the aliases multiply to and stops there.
    const value: unknown = document.toJS({ maxAliasCount: 100 })
    return { value, place: (path) => placeOf(offsetOf(document, path)) }
  } catch (error) {
    if (error instanceof UsageError) throw error
    if (error instanceof RangeError || error instanceof ReferenceError)
      throw usageAt(
        { file, line: 1 },
        'The file nests or repeats itself too much to be read.',
        'Write it flat.',
      )
    throw error
  }
}

/** yaml keeps about a kilobyte for each token, so that 5 MiB of brackets would take all memory. */
const MOST_TOKENS = 750_000

function refuseCrowd(file: string, text: string): void {
  let tokens = 0
  let line = 1
  for (const token of new Lexer().lex(text)) {
    tokens += 1
    if (token.includes('\n')) line += 1
    if (tokens > MOST_TOKENS)
      throw usageAt(
        { file, line },
        `The file holds more than ${MOST_TOKENS} ${formatOf(file)} tokens.`,
        'Split it.',
      )
  }
}

function tooNested(place: Place): UsageError {
  return usageAt(place, 'The file nests or repeats itself too much to be read.', 'Write it flat.')
}

type Format = 'YAML' | 'JSON'

function formatOf(file: string): Format {
  return file.toLowerCase().endsWith('.json') ? 'JSON' : 'YAML'
}

function refuseProblems(document: Document.Parsed, placeOf: (offset: number) => Place, format: Format): void {
  const problem = document.errors[0] ?? document.warnings[0]
  if (problem === undefined) return
  const place = placeOf(problem.pos[0])
  if (problem.code === 'RESOURCE_EXHAUSTION') throw tooNested(place)
  // What the parser says is about YAML, which whoever writes JSON need not know.
  if (format === 'JSON')
    throw usageAt(
      place,
      'The JSON cannot be read from here on.',
      'Look for a comma, bracket or quotation mark that is missing or too many, here or just above.',
    )
  if (problem.code === 'TAG_RESOLVE_FAILED')
    throw usageAt(
      place,
      'YAML tags (!name) are not allowed.',
      'Put text that begins with ! in double quotes.',
    )
  if (problem.code === 'MULTIPLE_DOCS')
    throw usageAt(place, 'A second YAML document begins here.', 'Remove the line with three dashes.')
  throw usageAt(
    place,
    `The YAML cannot be read: ${printable(problem.message.replace(/\s+/g, ' ').replace(/\.?$/, '.'), 300)}`,
    'Put text with special characters in double quotes.',
  )
}

function refuseRepeats(document: Document.Parsed, placeOf: (offset: number) => Place): void {
  const anchors = new Set<string>()
  visit(document, {
    Node(_, node) {
      if (isAlias(node)) {
        if (anchors.has(node.source)) return
        throw usageAt(
          placeOf(node.range?.[0] ?? 0),
          `The alias ${quoted(`*${node.source}`)} names no anchor above it.`,
          'Put text that begins with * in double quotes.',
        )
      }
      if (node.anchor !== undefined) anchors.add(node.anchor)
    },
    Map(_, map) {
      if (map.anchor !== undefined) anchors.add(map.anchor)
      const keys = new Set<string>()
      for (const { key } of map.items) {
        const name = String(isScalar(key) ? key.value : key)
        if (keys.has(name))
          throw usageAt(
            placeOf(isNode(key) ? (key.range?.[0] ?? 0) : 0),
            `The key ${quoted(name)} stands here twice.`,
            'Keep one of the two.',
          )
        keys.add(name)
      }
    },
  })
}

function offsetOf(document: Document.Parsed, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents
  let offset = document.contents?.range?.[0] ?? 0
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(step))
      if (pair === undefined) break
      if (isNode(pair.key)) offset = pair.key.range?.[0] ?? offset
      node = pair.value
    } else if (isSeq(node)) {
      node = node.items[Number(step)]
      if (isNode(node)) offset = node.range?.[0] ?? offset
    } else break
  }
  return offset
}
