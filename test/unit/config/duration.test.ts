import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDuration, parseSize } from '../../../src/config/duration.ts'
import { refusal } from './refusal.ts'

const DAY = 86_400_000

describe('parseDuration', () => {
  it.each([
    ['90s', 90_000],
    ['30m', 1_800_000],
    ['2h', 7_200_000],
    ['1d', DAY],
    ['1h30m', 5_400_000],
    ['1d2h3m4s5ms', DAY + 7_384_005],
    ['250ms', 250],
    [' 5m ', 300_000],
    ['3653d', 3653 * DAY],
  ])('%s is %i ms', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds)
  })

  it.each([
    '',
    ' ',
    '30',
    '0',
    '0s',
    '0h0m',
    '-5m',
    '+5m',
    '1.5h',
    'NaN',
    'Infinity',
    '1e3s',
    '5 m',
    '30m1h',
    '1h1h',
    '3654d',
    '99999999999999d',
    '1w',
    '5M',
    '٣s',
    '5m;rm -rf /',
  ])('refuses %j', (text) => {
    refusal(() => parseDuration(text))
  })

  it('adds up what it is given', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.nat(100), fc.nat(100), fc.integer({ min: 1, max: 1000 }), (d, h, m, s) => {
        expect(parseDuration(`${d}d${h}h${m}m${s}s`)).toBe(((d * 24 + h) * 60 + m) * 60_000 + s * 1000)
      }),
    )
  })

  it('gives a sensible number or a usage error for any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[\d.dhms-]{1,12}$/)), (text) => {
        let value = 1
        try {
          value = parseDuration(text)
        } catch {
          refusal(() => parseDuration(text))
        }
        expect(Number.isSafeInteger(value) && value > 0 && value <= 3653 * DAY).toBe(true)
      }),
    )
  })
})

describe('parseSize', () => {
  it.each([
    ['1b', 1],
    ['512kb', 512_000],
    ['20MB', 20_000_000],
    ['20MiB', 20 * 2 ** 20],
    ['1gib', 2 ** 30],
    ['1000tb', 1e15],
  ])('%s is %i bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes)
  })

  it.each(['', '20', '0mb', '-1mb', '1.5mb', '20 mb', '1001tb', '1pb', 'mb', 'NaNb', '1e3kb'])(
    'refuses %j',
    (text) => {
      refusal(() => parseSize(text))
    },
  )
})
