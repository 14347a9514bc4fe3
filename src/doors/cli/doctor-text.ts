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
}: {
  readonly findings: readonly Finding[]
  readonly fixed: readonly Finding[]
}): string {
  return [
    ...fixed.map(({ what }) => `✓ ${what}`),
    ...findings.map(
      ({ what, why, fix, unfixed }) =>
        `! ${what}\n    ${why}${unfixed === undefined ? '' : `\n    Not fixed: ${unfixed}`}\n    Fix: ${fix}`,
    ),
    ...(findings.length === 0 ? ['Everything is as it should be.'] : []),
  ].join('\n')
}
