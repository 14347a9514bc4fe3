import { SECRET_PATTERNS, type SecretPattern, WORD_START } from './secret-patterns.ts'

/** Where a secret stands: from `start` up to `end`; `from` is where what gives it away begins. */
export interface Secret {
  readonly from: number
  readonly start: number
  readonly end: number
}

export interface SecretFinder {
  /** In no order; they may overlap. What stands before `after` is only looked at to know what a word is. */
  readonly find: (text: string, after?: number) => Secret[]
  /** Where behind `after` the earliest beginning of a secret stands that the text may have cut off; or its length. */
  readonly unsettled: (text: string, after: number) => number
}

/** Both work in time linear in the text, whatever it holds: an agent chooses what it prints. */
export function secretFinder(forms: readonly string[]): SecretFinder {
  const known = forms.length === 0 ? null : new RegExp(forms.map(literally).join('|'), 'g')
  const byFirst = Map.groupBy(forms, (form) => form.charAt(0))
  return {
    find: (text, after = 0) => [
      ...(known === null ? [] : knownIn(known, text, after)),
      ...SECRET_PATTERNS.flatMap((pattern) => patternIn(pattern, text, after)),
    ],
    unsettled: (text, after) =>
      Math.min(
        begunForm(byFirst, text, Math.max(after, text.length - (forms[0]?.length ?? 0) + 1)),
        ...SECRET_PATTERNS.map((pattern) => begunPattern(pattern, text, after)),
      ),
  }
}

/** Overlapping ones too: part of a secret is too much. */
function knownIn(known: RegExp, text: string, after: number): Secret[] {
  const found: Secret[] = []
  known.lastIndex = after
  for (let match = known.exec(text); match !== null; match = known.exec(text)) {
    found.push({ from: match.index, start: match.index, end: match.index + match[0].length })
    known.lastIndex = match.index + 1
  }
  return found
}

function patternIn({ leads, match, atWord }: SecretPattern, text: string, after: number): Secret[] {
  const found: Secret[] = []
  for (const lead of leads) {
    for (let from = text.indexOf(lead, after); from !== -1; ) {
      match.lastIndex = from
      const hit = atWord && !beginsWord(text, from) ? null : match.exec(text)
      const end = hit === null ? from + 1 : from + hit[0].length
      if (hit !== null) found.push({ from, start: from + (hit[1]?.length ?? 0), end })
      from = text.indexOf(lead, end)
    }
  }
  return found
}

function begunForm(byFirst: ReadonlyMap<string, readonly string[]>, text: string, least: number): number {
  for (let at = least; at < text.length; at += 1) {
    const candidates = byFirst.get(text.charAt(at))
    if (candidates === undefined) continue
    const end = text.slice(at)
    if (candidates.some((form) => form.length > end.length && form.startsWith(end))) return at
  }
  return text.length
}

function begunPattern(pattern: SecretPattern, text: string, after: number): number {
  const { leads, run, most, begun, atWord } = pattern
  const least = Math.max(after, text.length - most)
  const tail = runStart(run, text, least)
  let earliest = text.length
  const canBegin = (at: number): boolean => atWord !== true || beginsWord(text, at)
  for (const lead of leads) {
    let at = text.indexOf(lead, Math.max(least, tail - lead.length))
    for (; at !== -1 && at < earliest; at = text.indexOf(lead, at + 1))
      if (goesOn(begun, text, at) && canBegin(at)) break
    if (at !== -1) earliest = Math.min(earliest, at)
    const start = begunLead(lead, text)
    if (start < earliest && canBegin(start)) earliest = start
  }
  return earliest
}

function beginsWord(text: string, at: number): boolean {
  WORD_START.lastIndex = at
  return WORD_START.test(text)
}

function goesOn(begun: RegExp | undefined, text: string, at: number): boolean {
  if (begun === undefined) return true
  begun.lastIndex = at
  return begun.test(text)
}

function begunLead(lead: string, text: string): number {
  for (let length = lead.length - 1; length > 0; length -= 1)
    if (text.endsWith(lead.slice(0, length))) return text.length - length
  return text.length
}

/** Where the characters of `run` that end the text begin, at the earliest at `least`. */
function runStart(run: RegExp, text: string, least: number): number {
  let at = text.length
  while (at > least && run.test(text.charAt(at - 1))) at -= 1
  return at
}

function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}
