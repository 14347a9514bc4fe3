/**
 * A refusal: the board says no. It is a value, never thrown: a code that scripts can rely on, one sentence, and
 * a hint that names the next step. Exit code 1, HTTP 409.
 */
export interface Refusal {
  readonly refused: true
  readonly code: string
  readonly message: string
  readonly hint: string
}

export function refuse(code: string, message: string, hint: string): Refusal {
  return { refused: true, code, message, hint }
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && (value as { refused?: unknown }).refused === true
}
