interface Finding {
  readonly what: string
  readonly why: string
  readonly fix: string
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
    ...findings.map(({ what, why, fix }) => `! ${what}\n    ${why}\n    Fix: ${fix}`),
    ...(findings.length === 0 ? ['Everything is as it should be.'] : []),
  ].join('\n')
}
