import { plainText } from './terminal-text.ts'

const FILES_NAMED = 5

/** `a.ts, b.ts and 3 more`, safe to print. */
function nameFiles(files: readonly string[]): string {
  const named = files.slice(0, FILES_NAMED).map(plainText).join(', ')
  const rest = files.length - FILES_NAMED
  return rest > 0 ? `${named} and ${rest} more` : named
}

/**
 * The one line of a reason, which may be a whole note with the end of a log in it: its first line, with the list that
 * this line introduces, if there is one. Safe to print.
 */
export function headline(reason: string): string {
  const lines = reason
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const first = plainText(lines[0] ?? '')
  if (!first.endsWith(':')) return first
  const end = lines.findIndex((line, at) => at > 0 && !line.startsWith('- '))
  const items = lines.slice(1, end === -1 ? undefined : end).map((line) => line.slice(2))
  if (items.length > 0) return `${first} ${nameFiles(items)}`
  // What the last sentence announces is not shown, so it goes too.
  return first.replace(/(?<=[.!?)] )[^.!?]*:$/, '').trim()
}

/** A reason and the files that it does not name itself, as one safe phrase; empty when nothing is known. */
export function reasonAndFiles(reason: string | null, files: readonly string[]): string {
  const said = headline(reason ?? '')
  const words = new Set(said.split(/[\s,;:`()]+/))
  const named = nameFiles(files.filter((file) => !words.has(file)))
  if (said === '' || named === '') return said + named
  return `${said.replace(/[.:]$/, '')}: ${named}`
}

/** `1 agent`, `3 agents`. */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}

export function shortCommit(commit: string): string {
  return plainText(commit).slice(0, 7)
}
