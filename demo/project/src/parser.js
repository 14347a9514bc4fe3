/** The first word is the verb, the rest is the noun. */
export function parse(line) {
  const [verb = '', ...rest] = line.trim().toLowerCase().split(/\s+/)
  return { verb, noun: rest.join(' ') }
}
