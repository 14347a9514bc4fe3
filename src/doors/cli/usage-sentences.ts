import {
  AliasNotFoundError,
  ArgumentParseError,
  FlagNotFoundError,
  text_en as STRICLI_TEXT,
  UnexpectedFlagError,
  UnexpectedPositionalError,
  UnsatisfiedFlagError,
  UnsatisfiedPositionalError,
} from '@stricli/core'
import type * as z from 'zod'
import { OPERATIONS } from '../../operations/table.ts'

/** What the parser says of a command line, in our words; a second line goes into the hint. */
export const TEXT = {
  ...STRICLI_TEXT,
  noCommandRegisteredForInput: ({
    input,
    corrections,
  }: {
    readonly input: string
    readonly corrections: readonly string[]
  }) => {
    // "retry" means `task retry`; in letters it is nearer to `revert`.
    const meant = OPERATIONS.map(({ name }) => name).filter((name) => name.endsWith(` ${input}`))
    return withNearest(
      `${quote(input)} is not a command of Worklane.`,
      meant.length > 0 ? meant : corrections,
    )
  },
  exceptionWhileParsingArguments: (error: unknown) => wordsSentence(error),
}

/** One sentence on what is wrong with the words themselves. */
function wordsSentence(error: unknown): string {
  if (error instanceof FlagNotFoundError)
    return withNearest(
      `${shown(`--${error.input}`)} is not a flag of this command.`,
      error.corrections.map((name) => `--${name}`),
    )
  if (error instanceof AliasNotFoundError) return `${shown(`-${error.input}`)} is not a flag of this command.`
  if (error instanceof UnsatisfiedFlagError) return `--${error.externalFlagName} needs a value.`
  if (error instanceof UnsatisfiedPositionalError) return `${error.placeholder} is missing.`
  if (error instanceof UnexpectedPositionalError)
    return `${quote(error.input)} is one word too many.\nPut text of several words in quotes.`
  if (error instanceof UnexpectedFlagError)
    return `--${error.externalFlagName} is given twice: ${quote(error.previousInput)} and ${quote(error.input)}.`
  if (error instanceof ArgumentParseError)
    return `--${error.externalFlagNameOrPlaceholder} takes no value such as ${quote(error.input)}.`
  return 'The words of this command cannot be read.'
}

/** `label` (a flag, or the name of the words without one) with what the schema has against its value. */
export function valueSentence(label: string, issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return `${label} is not valid.`
  if (issue.code === 'too_small' && isBuiltIn(issue.message)) return `${label} must not be empty.`
  if (issue.code === 'too_big' && isBuiltIn(issue.message))
    return `${label} must have at most ${issue.maximum} characters.`
  if (issue.code === 'invalid_type' && isBuiltIn(issue.message)) return `${label} is missing.`
  if (/^(a|an|one|the) /.test(issue.message)) return `${label} must be ${issue.message}.`
  return `${label}: ${issue.message}.`.replace(/\.\.$/, '.')
}

/** zod's own messages, which talk of types. */
function isBuiltIn(message: string): boolean {
  return /^(Too (small|big)|Invalid input)/.test(message)
}

function withNearest(sentence: string, nearest: readonly string[]): string {
  return nearest.length === 0 ? sentence : `${sentence}\nDid you mean ${nearest.join(' or ')}?`
}

/** Short, and unable to act on a terminal; a door must not reach into config for it. */
function shown(text: string): string {
  const short = [...text.slice(0, 120)].slice(0, 60).join('')
  const plain = short.replace(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  )
  return short.length < text.length ? `${plain}…` : plain
}

function quote(text: string): string {
  return `"${shown(text)}"`
}
