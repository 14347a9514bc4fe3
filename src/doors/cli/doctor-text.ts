import type { LimitsHere } from '../../board/limits.ts'
import { limitsLines } from './limits-text.ts'

interface Finding {
  readonly what: string
  readonly why: string
  readonly fix: string
  /** Why `--fix` left it; undefined without `--fix`. */
  readonly unfixed?: string
}

/** `worklane doctor` for people. */
export function doctorText({
  findings,
  fixed,
  remarks = [],
  limits,
}: {
  readonly findings: readonly Finding[]
  readonly fixed: readonly Finding[]
  /** Not where the ledger cannot be used. */
  readonly remarks?: readonly string[]
  readonly limits?: LimitsHere
}): string {
  return [
    ...fixed.map(({ what }) => `✓ ${what}`),
    ...findings.map(
      ({ what, why, fix, unfixed }) =>
        `! ${what}\n    ${why}${unfixed === undefined ? '' : `\n    Not fixed: ${unfixed}`}\n    Fix: ${fix}`,
    ),
    ...remarks.map((remark) => `· ${remark}`),
    ...(limits === undefined ? [] : [`· Limits: ${limitsLines(limits).join('\n    ')}`]),
    ...(findings.length > 0 ? [] : [`Everything${remarks.length === 0 ? '' : ' else'} is as it should be.`]),
  ].join('\n')
}
