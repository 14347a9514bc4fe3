/**
 * Whether `stream` can carry the live view: a terminal that moves its cursor, watched by a person. Logs of build
 * servers, terminals without control sequences and screen readers get plain lines.
 */
export function canShowLive(
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  const set = (name: string): boolean => !['', '0', 'false', undefined].includes(env[name])
  return stream.isTTY === true && env.TERM !== 'dumb' && !set('CI') && !set('INK_SCREEN_READER')
}
