import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkDescription, checkSubject } from '../../../src/config/task-text.ts'
import { refusal } from './refusal.ts'

const FAMILY = '\u{1F468}\u200D\u{1F469}\u200D\u{1F467}'

describe('checkSubject', () => {
  it.each([
    ['Add a page', 'Add a page'],
    ['  spaces around \u3000', 'spaces around'],
    ['x', 'x'],
    ['$(rm -rf ~) `id` ; | && > "quotes" \'too\' \\', '$(rm -rf ~) `id` ; | && > "quotes" \'too\' \\'],
    ['--force', '--force'],
    ['<script>alert(1)</script>', '<script>alert(1)</script>'],
    ['שלום עולם', 'שלום עולם'],
    [`Family ${FAMILY} and e\u0301`, `Family ${FAMILY} and e\u0301`],
    ['漢'.repeat(200), '漢'.repeat(200)],
    ['\u{1F600}'.repeat(200), '\u{1F600}'.repeat(200)],
    [` ${'a'.repeat(200)} `, 'a'.repeat(200)],
    ['\uFEFFwith a mark', 'with a mark'],
  ])('takes %j', (subject, expected) => {
    expect(checkSubject(subject)).toBe(expected)
  })

  it.each<[string, RegExp]>([
    ['', /empty/],
    [' \t\n\u00a0\u3000', /empty/],
    ['\u200b\u200d\u2060\ufeff', /empty/],
    ['\u{E0061}\u{E0062}', /empty/],
    ['\u3164\u115f\u2800', /empty/],
    ['a\nb', /line break/],
    ['a\rb', /line break/],
    ['a\tb', /control/],
    ['a\0b', /control/],
    ['a\u001b[2Jb', /control/],
    ['a\u007fb', /control/],
    ['a\u0085b', /control/],
    ['a\u009bb', /control/],
    ['a\u2028b', /line break/],
    ['a\u2029b', /line break/],
    ['fix \u202etxt.exe', /reorders/],
    ['fix \u2066x\u2069', /reorders/],
    ['a\ud800b', /surrogate/],
    ['\udc00', /surrogate/],
    ['a'.repeat(201), /longer than 200/],
    ['\u{1F600}'.repeat(201), /longer than 200/],
  ])('refuses %j', (subject, message) => {
    expect(refusal(() => checkSubject(subject)).message).toMatch(message)
  })

  it('gives one trimmed line, or a usage error, for any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' })), (subject) => {
        let text = 'x'
        try {
          text = checkSubject(subject)
        } catch {
          refusal(() => checkSubject(subject))
        }
        expect(text).toBe(text.trim())
        expect(text).not.toMatch(/[\p{Cc}\u2028\u2029]|^$/u)
        expect(checkSubject(text)).toBe(text)
      }),
    )
  })
})

describe('checkDescription', () => {
  it.each(['', 'a\nb\r\n\tc', '  spaces kept  \n', 'x'.repeat(100 * 1024), '{{ x }} $(y) <b>'])(
    'takes it as it is',
    (text) => {
      expect(checkDescription(text)).toBe(text)
    },
  )

  it.each<[string, RegExp]>([
    ['a\0b', /control/],
    ['\u001b]0;title\u0007', /control/],
    ['\u009b31m', /control/],
    ['a\bb', /control/],
    ['\ud800', /surrogate/],
    ['x'.repeat(100 * 1024 + 1), /larger than 100 KiB/],
    ['漢'.repeat(34_200), /larger than 100 KiB/],
  ])('refuses %#', (text, message) => {
    expect(refusal(() => checkDescription(text)).message).toMatch(message)
  })
})
