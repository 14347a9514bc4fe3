import { UsageError } from './usage-error.ts'

const LONGEST_SUBJECT = 200
const LARGEST_DESCRIPTION = 100 * 1024

/** Embeddings, overrides and isolates, which can show text in another order than it has (Unicode UAX #9). */
const REORDERING = /[\u202a-\u202e\u2066-\u2069]/u

/** Spaces, and characters that show nothing: zero-width, fillers, tags. */
const INVISIBLE = /^[\s\p{Default_Ignorable_Code_Point}\p{Cf}\u2800]*$/u

/**
 * A task's subject, trimmed: one visible line of at most 200 characters. Control characters (line breaks and tabs
 * too) and those that reorder text are refused, as is text that no UTF-8 can hold.
 * @throws UsageError
 */
export function checkSubject(subject: string): string {
  const text = subject.trim()
  if (INVISIBLE.test(text)) throw refused('The subject is empty.', 'Say in one line what is to be done.')
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text))
    throw refused(
      'The subject holds a line break or another control character.',
      'Keep it to one line of plain text; the rest belongs into the description.',
    )
  if (REORDERING.test(text))
    throw refused(
      'The subject holds a character that reorders text (bidirectional override).',
      'Remove it; right-to-left text needs none.',
    )
  refuseBroken('subject', text)
  if ([...text].length > LONGEST_SUBJECT)
    throw refused(
      `The subject is longer than ${LONGEST_SUBJECT} characters.`,
      'Shorten it; the rest belongs into the description.',
    )
  return text
}

/**
 * A task's description, unchanged: at most 100 KiB of UTF-8. Of the control characters only line breaks and tabs:
 * others would reach the terminals and prompts that show it.
 * @throws UsageError
 */
export function checkDescription(description: string): string {
  if (/[^\P{Cc}\n\r\t]/u.test(description))
    throw refused(
      'The description holds a control character.',
      'Remove NUL, escape sequences and the like; line breaks and tabs are fine.',
    )
  refuseBroken('description', description)
  if (Buffer.byteLength(description) > LARGEST_DESCRIPTION)
    throw refused(
      `The description is larger than ${LARGEST_DESCRIPTION / 1024} KiB.`,
      'Shorten it, or put the text into a file of the repository and name that.',
    )
  return description
}

function refuseBroken(what: string, text: string): void {
  if (text.isWellFormed()) return
  throw refused(`The ${what} holds half of a surrogate pair, which is no character.`, 'Write the text again.')
}

function refused(sentence: string, hint: string): UsageError {
  return new UsageError(sentence, { hint })
}
