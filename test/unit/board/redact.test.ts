import fc from 'fast-check'
import { expect, test } from 'vitest'
import { redactDeeply, redactor } from '../../../src/board/redact.ts'

const letters = (length: number, from = 'abcDEF01234ghiJKL56789'): string =>
  Array.from({ length }, (_, at) => from[(at * 7) % from.length]).join('')
const pem = (lines: number): string =>
  `-----BEGIN RSA PRIVATE KEY-----\n${`${letters(64)}\n`.repeat(lines)}${letters(20)}==\n-----END RSA PRIVATE KEY-----`
const jwt = `eyJhbGciOiJIUzI1NiJ9.eyJ${letters(40)}.${letters(43)}`

/** Text, and what is left of it. Written in pieces, so that no scanner takes this file for a leak. */
const SHAPES: readonly (readonly [text: string, left: string])[] = [
  [`key sk-ant-${'api03'}-${letters(93)}AA.`, 'key [redacted].'],
  [`sk-${'proj'}-${letters(120)}`, '[redacted]'],
  [`"sk-${letters(48)}"`, '"[redacted]"'],
  [`\\nsk-${letters(48)}\\n`, '\\n[redacted]\\n'],
  [`\u001b[32msk-${letters(48)}\u001b[0m`, '\u001b[32m[redacted]\u001b[0m'],
  [`ghp_${letters(36)} gho_${letters(36)}`, '[redacted] [redacted]'],
  [`github_pat_${letters(22)}_${letters(59)}`, '[redacted]'],
  [`glpat-${letters(20)}`, '[redacted]'],
  [`AKIA${'ABCDEFGH234567AB'}`, '[redacted]'],
  [`aws_secret_access_key = ${letters(40)}`, 'aws_secret_access_key = [redacted]'],
  [`AIza${letters(35)}`, '[redacted]'],
  [`xoxb-${'123456789012'}-${letters(24)}`, '[redacted]'],
  [`//registry/:_authToken=npm_${letters(36)}`, '//registry/:_authToken=[redacted]'],
  [`sk_live_${letters(24)}`, '[redacted]'],
  [`token ${jwt};`, 'token [redacted];'],
  [`Authorization: Bearer ${letters(30)}`, 'Authorization: Bearer [redacted]'],
  [`curl -H "authorization: bearer ${letters(8)}"`, 'curl -H "authorization: bearer [redacted]"'],
  [`x-api-key: ${letters(20)}`, 'x-api-key: [redacted]'],
  ['postgres://app:hunter22@db:5432/x', 'postgres://app:[redacted]@db:5432/x'],
  [`before\n${pem(12)}\nafter`, 'before\n[redacted]\nafter'],
  [JSON.stringify(pem(30)), '"[redacted]"'],
]

test.each(SHAPES)('%j', (text, left) => {
  expect(redactor([])(text)).toBe(left)
})

test.each([
  'commit 967c3fa1b2c3d4e5f60718293a4b5c6d7e8f9012 (HEAD -> task/7-task-admin-dashboard)',
  'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '"integrity": "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="',
  '123e4567-e89b-12d3-a456-426614174000',
  'task-proj-0123456789abcdef0123456789 and risk-abcdefghij0123456789abcdefghij0123456789',
  'http://localhost:3000/@scope/name?mail=a@b.c git@github.com:a/b.git ssh://git@host/x',
  'The bearer of the authentication-token-1 has to say: Authorization is required',
  'grep -n "-----BEGIN RSA PRIVATE KEY-----" src/keys.ts and go on with the work',
  'npm_config_registry ghp_ sk- eyJ AKIA',
])('stays: %s', (text) => {
  expect(redactor(['another value'])(text)).toBe(text)
})

test('a known value goes in every form that it is usually written in', () => {
  const value = 'p@ss wörd/"10"+ü\\x'
  const redact = redactor([value, 'short'])
  const bytes = Buffer.from(value)
  const forms = [
    value,
    JSON.stringify(value),
    JSON.stringify(JSON.stringify({ value })),
    encodeURIComponent(value),
    new URLSearchParams({ value }).toString(),
    bytes.toString('latin1'),
    ...['', 'u', 'us', 'user:'].map((before) =>
      Buffer.concat([Buffer.from(before), bytes, Buffer.from('!')]).toString('base64'),
    ),
    bytes.toString('base64url'),
  ]
  for (const form of forms) expect(redact(`<${form}>`)).toContain('[redacted]')
  for (const form of forms) expect(redact(`<${form}>`).length).toBeLessThan(form.length)
  expect(redact('short')).toBe('short')
})

test('values that overlap leave nothing of either', () => {
  expect(redactor(['aaaabbbb', 'bbbbcccc', 'bbbbccccdddd'])('-aaaabbbbccccdddd-')).toBe('-[redacted]-')
})

test('every string within data, and nothing else', () => {
  const redact = redactor(['secret-value'])
  expect(redactDeeply({ a: ['x secret-value', 1, null], b: { c: 'secret-value' } }, redact)).toEqual({
    a: ['x [redacted]', 1, null],
    b: { c: '[redacted]' },
  })
})

function streamed(redact: ReturnType<typeof redactor>, text: string, sizes: readonly number[]): string {
  const stream = redact.stream()
  let out = ''
  let at = 0
  for (let next = 0; at < text.length; next += 1) {
    const size = sizes[next % sizes.length] ?? 1
    out += stream.push(text.slice(at, at + size))
    at += size
  }
  return out + stream.end()
}

const value = fc.string({ minLength: 8, maxLength: 40 }).filter((text) => !'[redacted]'.includes(text.trim()))
const piece = (values: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    fc.string(),
    fc.constantFrom(...values, ...SHAPES.map(([text]) => text)),
    fc.constantFrom(...values).map((known) => Buffer.from(`x${known}y`).toString('base64')),
    fc.constantFrom(...values, ...SHAPES.map(([text]) => text)).map((text) => text.slice(0, text.length / 2)),
    fc.constantFrom('eyJ', '-----BEGIN RSA PRIVATE KEY-----\n', '://a:', 'Bearer ', 'sk-', '\n', letters(70)),
  )

test('cut anywhere, the same is left as of the whole, and no known value', () => {
  const cases = fc.array(value, { minLength: 1, maxLength: 4 }).chain((values) =>
    fc.record({
      values: fc.constant(values),
      text: fc.array(piece(values), { maxLength: 8 }).map((parts) => parts.join('')),
      sizes: fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 }),
    }),
  )
  fc.assert(
    fc.property(cases, ({ values, text, sizes }) => {
      const redact = redactor(values)
      const bytes = Buffer.from(text).toString('latin1')
      const left = streamed(redact, bytes, sizes)
      expect(left).toBe(redact(bytes))
      for (const known of values) expect(left.replaceAll('[redacted]', '\0')).not.toContain(known)
    }),
    { numRuns: 400 },
  )
})

test('what cannot begin a secret is not held back', () => {
  const stream = redactor(['canary-value-1']).stream()
  expect(stream.push('no line end yet, canar')).toBe('no line end yet, ')
  expect(stream.push('ies do')).toBe('canaries do')
  expect(stream.push(' -----BEGIN RSA PRIVATE KEY----- is how such a key begins, no more')).toMatch(
    / no more$/,
  )
})

test('a key of many lines goes, also cut into bytes, and a broken one too', () => {
  expect(streamed(redactor([]), `a ${pem(180)} b`, [997])).toBe('a [redacted] b')
  expect(streamed(redactor([]), `a ${pem(8)} b`, [1])).toBe('a [redacted] b')
  expect(redactor([])(pem(20).slice(0, 900))).toBe('[redacted]')
})

test('time grows with the text, whatever it holds', () => {
  const hostile = [
    'eyJ',
    'eyJa.',
    '://',
    '-----BEGIN ',
    '-----BEGIN RSA PRIVATE KEY-----\n',
    'sk-',
    'a',
    ' ',
    'Bearer ',
  ]
  const redact = redactor([letters(40), 'aaaaaaaaaaaab'])
  for (const part of [...hostile, `${pem(3).slice(0, 150)}\n`]) {
    const text = part.repeat(Math.ceil(200_000 / part.length))
    const before = performance.now()
    streamed(redact, text, [65_536])
    expect(performance.now() - before, part).toBeLessThan(1_500)
  }
})
