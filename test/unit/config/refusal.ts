import { expect } from 'vitest'
import { UsageError } from '../../../src/config/usage-error.ts'

/** The usage error that `body` throws; anything else fails the test. Each has one sentence and a hint. */
export function refusal(body: () => unknown): UsageError {
  try {
    body()
  } catch (error) {
    return checked(error)
  }
  throw new Error('Nothing was refused.')
}

export async function laterRefusal(promise: Promise<unknown>): Promise<UsageError> {
  const answer = await promise.then(
    () => new Error('Nothing was refused.'),
    (error: unknown) => error,
  )
  return checked(answer)
}

function checked(error: unknown): UsageError {
  if (!(error instanceof UsageError)) throw error
  expect(error.code).toBe('usage')
  expect(error.hint).not.toBe('')
  expect(error.message).toMatch(/\.$/)
  // Nothing of what it quotes may act on a terminal.
  expect(error.message + error.hint).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u)
  return error
}
