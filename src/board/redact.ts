import { type Secret, type SecretFinder, secretFinder } from './find-secrets.ts'
import { secretForms } from './secret-forms.ts'

const REDACTED = '[redacted]'

/** Takes secrets out of text: known ones, and what looks like one. */
export interface Redactor {
  (text: string): string
  /** For text that comes in pieces. */
  readonly stream: () => RedactedStream
}

/** `values`: secrets that are known; those of less than 8 characters are let through. */
export function redactor(values: readonly string[]): Redactor {
  const finder = secretFinder(secretForms(values))
  const redact = (text: string): string => cover(text, finder.find(text))
  return Object.assign(redact, { stream: () => new RedactedStream(finder) })
}

/** A redactor that is made when it is first asked: most commands write nothing down. */
export function lazyRedactor(values: () => readonly string[]): Redactor {
  let made: Redactor | undefined
  const get = (): Redactor => {
    made ??= redactor(values())
    return made
  }
  return Object.assign((text: string) => get()(text), { stream: () => get().stream() })
}

/** The same for every string within a value that could be JSON. Mostly there is nothing to take out of thousands. */
export function redactDeeply<T>(value: T, redact: (text: string) => string): T {
  const texts: string[] = []
  collect(value, texts)
  const all = texts.join('\n')
  return redact(all) === all ? value : redactEach(value, redact)
}

function collect(value: unknown, texts: string[]): void {
  if (typeof value === 'string') texts.push(value)
  else if (typeof value === 'object' && value !== null)
    for (const item of Object.values(value)) collect(item, texts)
}

function redactEach<T>(value: T, redact: (text: string) => string): T {
  if (typeof value === 'string') return redact(value) as T
  if (Array.isArray(value)) return value.map((item: unknown) => redactEach(item, redact)) as T
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, item]) => [key, redactEach(item, redact)] as const)
  return Object.fromEntries(entries) as T
}

/** Longest look back that tells where a word begins: a colour. */
const CONTEXT = 24

/**
 * Text in pieces, one character per byte, so that characters may be cut anywhere. All is passed on at once but the end
 * that may be the beginning of a secret: at most 16 KiB of a private key, or the longest known secret.
 */
export class RedactedStream {
  readonly #finder: SecretFinder
  #before = ''
  #held = ''

  constructor(finder: SecretFinder) {
    this.#finder = finder
  }

  push(piece: string): string {
    return this.#pass(this.#held + piece, this.#finder.unsettled)
  }

  /** What is left when nothing more comes. */
  end(): string {
    return this.#pass(this.#held, (text) => text.length)
  }

  #pass(held: string, settled: (text: string, after: number) => number): string {
    const text = this.#before + held
    const after = this.#before.length
    const secrets = this.#finder.find(text, after)
    const cut = beforeSecrets(secrets, settled(text, after))
    this.#before = text.slice(Math.max(0, cut - CONTEXT), cut)
    this.#held = text.slice(cut)
    return cover(
      text.slice(after, cut),
      secrets
        .filter(({ end }) => end <= cut)
        .map(({ from, start, end }) => ({ from: from - after, start: start - after, end: end - after })),
    )
  }
}

/** The latest cut up to `at` that goes through none of them. */
function beforeSecrets(secrets: readonly Secret[], at: number): number {
  const fromEnd = secrets.toSorted((one, other) => other.from - one.from)
  return fromEnd.reduce((cut, { from, end }) => (from < cut && cut < end ? from : cut), at)
}

function cover(text: string, secrets: readonly Secret[]): string {
  if (secrets.length === 0) return text
  let covered = ''
  let at = 0
  let until = 0
  for (const { start, end } of secrets.toSorted((one, other) => one.start - other.start)) {
    if (start >= until) covered += text.slice(at, start) + REDACTED
    until = Math.max(until, end)
    at = until
  }
  return covered + text.slice(at)
}
