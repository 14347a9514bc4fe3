import { quoted } from './place.ts'
import { UsageError } from './usage-error.ts'

// Own and strict: `ms` takes "30" as milliseconds, negatives, fractions and "1 fortnight" is NaN, so a typing error
// becomes a limit that nobody asked for.

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const TEN_YEARS = 3653 * DAY

const DURATION = /^(?:(\d{1,12})d)?(?:(\d{1,12})h)?(?:(\d{1,12})m)?(?:(\d{1,12})s)?(?:(\d{1,15})ms)?$/
const UNITS = [DAY, HOUR, MINUTE, SECOND, 1] as const

/**
 * Milliseconds of "90s", "30m", "2h", "1d", "250ms" or a sum with the larger unit first: "1h30m". More than
 * nothing, at most ten years.
 * @throws UsageError
 */
export function parseDuration(text: string): number {
  const match = DURATION.exec(text.trim())
  const total = UNITS.reduce((sum, unit, index) => sum + Number(match?.[index + 1] ?? 0) * unit, 0)
  if (match !== null && total > 0 && total <= TEN_YEARS) return total
  throw new UsageError(`${quoted(text)} is not a duration ${match === null ? 'with a unit' : 'in range'}.`, {
    hint:
      match === null
        ? 'Write whole numbers with units, such as 90s, 30m, 2h, 1d or 1h30m.'
        : 'Write something from 1ms to 3653d.',
  })
}

const SIZE = /^(\d{1,15})(b|kb|mb|gb|tb|kib|mib|gib|tib)$/
const BYTES: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
}
const LARGEST = 1e15

/**
 * Bytes of "512kb" (thousands) or "20MiB" (powers of 1024, as IEC names them), in any case. More than nothing, at
 * most 1000tb.
 * @throws UsageError
 */
export function parseSize(text: string): number {
  const match = SIZE.exec(text.trim().toLowerCase())
  const size = Number(match?.[1] ?? 0) * (BYTES[match?.[2] ?? 'b'] ?? 0)
  if (match !== null && size > 0 && size <= LARGEST) return size
  throw new UsageError(`${quoted(text)} is not a size ${match === null ? 'with a unit' : 'in range'}.`, {
    hint:
      match === null
        ? 'Write a whole number with a unit, such as 500kb, 20mb or 1gib.'
        : 'Write something from 1b to 1000tb.',
  })
}
