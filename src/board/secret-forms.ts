/** Shorter ones would be found in ordinary text. */
const LEAST = 8

/**
 * Every way in which a known secret may be written: as it is, as base64 (also in the middle of something longer),
 * URL-encoded, escaped in JSON once and twice; each in characters and as one character per byte of UTF-8, which is how
 * streams are looked at. Longest first.
 */
export function secretForms(values: readonly string[]): string[] {
  const forms = new Set<string>()
  for (const value of values.flatMap(worthKnowing))
    for (const form of formsOf(value.toWellFormed())) forms.add(form).add(bytesOf(form))
  return [...forms].sort((one, other) => other.length - one.length)
}

/** The value, without the blanks around it, and the lines of a key that holds several. */
function worthKnowing(value: string): string[] {
  const lines = value.split(/\r?\n|\\n/).filter((line) => /^[A-Za-z0-9+/=_-]{32,}$/.test(line))
  return [value, value.trim(), ...lines].filter((form) => form.length >= LEAST)
}

function formsOf(value: string): string[] {
  const json = JSON.stringify(value).slice(1, -1)
  const percent = encodeURIComponent(value)
  const form = new URLSearchParams([['', value]]).toString().slice(1)
  return [
    value,
    json,
    JSON.stringify(json).slice(1, -1),
    percent,
    form,
    ...[percent, form].map((text) => text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())),
    ...base64Of(bytesOf(value)),
  ]
}

/** What base64 makes of it behind 0, 1 or 2 other bytes: only characters that nothing around it can change. */
function base64Of(bytes: string): string[] {
  return [0, 1, 2].flatMap((before) => {
    const text = btoa('\0'.repeat(before) + bytes)
    const own = text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6))
    return [own, own.replaceAll('+', '-').replaceAll('/', '_')]
  })
}

/** One character per byte of UTF-8. */
function bytesOf(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('')
}
