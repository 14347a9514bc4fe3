import { readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { redactor } from '../../src/board/redact.ts'
import { Fault } from '../../src/host/fault.ts'
import { openCapture } from '../../src/host/process/capture.ts'
import { LastLine } from '../../src/host/process/last-line.ts'
import { temporaryDirectory } from '../fixtures/repository.ts'

const directory = temporaryDirectory()
const path = join(directory, 'output')
afterAll(() => rmSync(directory, { recursive: true }))

async function captured(limit: number, ...chunks: (string | Buffer)[]): Promise<string> {
  const capture = openCapture(path, limit)
  for (const chunk of chunks) capture.write(Buffer.from(chunk))
  await capture.close()
  return readFileSync(path, 'utf8')
}

test('what fits is kept byte for byte, up to the last byte of the limit', async () => {
  expect(await captured(1000)).toBe('')
  expect(await captured(1000, 'a'.repeat(750), 'b'.repeat(250))).toBe('a'.repeat(750) + 'b'.repeat(250))
})

test('the beginning can be read while it grows', async () => {
  const capture = openCapture(path, 1000)
  capture.write(Buffer.from('first\n'))
  expect(readFileSync(path, 'utf8')).toBe('first\n')
  await capture.close()
})

test('what does not fit is left out in the middle, and said so', async () => {
  const lines = Array.from({ length: 100_000 }, (_, index) => `line ${index}\n`).join('')
  const text = await captured(400_000, ...(lines.match(/[\s\S]{1,7777}/g) ?? []))
  expect(text.length).toBeLessThanOrEqual(400_000)
  expect(text.startsWith('line 0\nline 1\n')).toBe(true)
  expect(text.endsWith('line 99998\nline 99999\n')).toBe(true)
  const [head = '', tail = ''] = text.split(/\n\[worklane: 689 kB left out here\]\n/)
  expect(lines.startsWith(head) && lines.endsWith(tail)).toBe(true)
  expect(tail.length).toBeGreaterThan(64 * 1024 - 100)
})

test('one huge chunk, a character cut in half, and a tiny limit', async () => {
  const text = await captured(2000, Buffer.from('ü'.repeat(5_000_000)))
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(2000)
  expect(text).toMatch(/^ü+\n\[worklane: 10 MB left out here\]\nü+$/)
  expect(await captured(0, 'abc')).toBe('\n[worklane: 3 B left out here]\n')
})

test('all bytes are counted, and closing twice is once', async () => {
  const capture = openCapture(path, 10)
  for (let each = 0; each < 100; each += 1) capture.write(Buffer.alloc(1000))
  await capture.close()
  const { size } = statSync(path)
  await capture.close()
  expect(capture.bytes).toBe(100_000)
  expect(statSync(path).size).toBe(size)
})

test('a file that cannot be made is a fault; a disk that is full is told', async () => {
  expect(() => openCapture(join(directory, 'missing', 'output'), 10)).toThrow(Fault)
  if (process.platform !== 'linux') return
  const capture = openCapture('/dev/full', 1000)
  capture.write(Buffer.from('abc'))
  await capture.close()
  expect(capture.failure).toBe('ENOSPC')
})

function lastOf(...chunks: string[]): string {
  const line = new LastLine()
  for (const chunk of chunks) line.see(Buffer.from(chunk))
  return line.text
}

test.each([
  ['nothing yet', [], ''],
  ['an unfinished line', ['one\ntwo'], 'two'],
  ['empty lines after it', ['one\n', '\n \n\n'], 'one'],
  ['a line in pieces', ['a', 'b', 'c\n'], 'abc'],
  ['a character in pieces', ['one\nt', 'wo ', 'three'], 'two three'],
  ['a progress bar', ['10%\r20%\r', '30%\r'], '30%'],
  ['windows line ends', ['one\r\n', 'two\r', '\n'], 'two'],
  ['colours and a bell', ['\u001b[1;31mred\u001b[0m\u0007 and\tblue'], 'red and blue'],
  ['a link', ['\u001b]8;;https://example.org\u0007text\u001b]8;;\u0007'], 'text'],
  ['half an escape sequence', ['one \u001b[3'], 'one'],
  ['a text that runs backwards', ['a\u202eb'], 'ab'],
])('the last line: %s', (_, chunks, expected) => {
  expect(lastOf(...chunks)).toBe(expected)
})

test('the last line shows the beginning of a long one', () => {
  const long = `start ${'x'.repeat(10_000)}`
  expect(lastOf(long, long, long)).toBe(long.slice(0, 200))
  expect(lastOf(`${long}\n`)).toHaveLength(200)
  expect(lastOf('é'.repeat(5_000))).toBe('é'.repeat(200))
})

test('the last line of bytes cut anywhere', () => {
  const line = new LastLine()
  for (const byte of Buffer.from('one\nzwölf — 12 ✓\n')) line.see(Buffer.of(byte))
  expect(line.text).toBe('zwölf — 12 ✓')
})

const secret = 'cänary-säcret-ß-0123456789'

test('a secret gets into neither file nor last line, wherever it is cut', async () => {
  const bytes = Buffer.from(`before ${secret} after ✓\n`)
  for (let cut = 1; cut < bytes.length; cut += 1) {
    const capture = openCapture(path, 1000, redactor([secret]))
    capture.write(bytes.subarray(0, cut))
    expect(capture.lastLine).not.toMatch(/c.?.?nary-s.?.?c/)
    capture.write(bytes.subarray(cut))
    await capture.close()
    expect(readFileSync(path, 'utf8')).toBe('before [redacted] after ✓\n')
    expect([capture.lastLine, capture.bytes]).toEqual(['before [redacted] after ✓', bytes.length])
  }
})

test('with a redactor too, all other bytes come out as they were, and without a line end at once', async () => {
  const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, at) => (at * 31) % 256))
  const capture = openCapture(path, 100_000, redactor([secret]))
  for (let at = 0; at < bytes.length; at += 777) capture.write(bytes.subarray(at, at + 777))
  await capture.close()
  expect(readFileSync(path).equals(bytes)).toBe(true)
  const next = openCapture(path, 1000, redactor([secret]))
  next.write(Buffer.from('Continue? [y/N] '))
  expect([readFileSync(path, 'utf8'), next.lastLine]).toEqual(['Continue? [y/N] ', 'Continue? [y/N]'])
  await next.close()
})

test('what is left out of a long output is counted as it would be in the file', async () => {
  const capture = openCapture(path, 400, redactor([secret]))
  for (let each = 0; each < 100; each += 1) capture.write(Buffer.from(`${each} ${secret}\n`))
  await capture.close()
  const text = readFileSync(path, 'utf8')
  expect(text.length).toBeLessThanOrEqual(400)
  expect(text).toMatch(/^0 \[redacted\]\n[\s\S]*left out here\][\s\S]*99 \[redacted\]\n$/)
})
