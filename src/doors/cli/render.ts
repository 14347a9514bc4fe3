import { ANSWERS } from './answers.ts'

/** The answer of an operation as text for people; '' for nothing to say. */
export async function render(name: string, answer: unknown): Promise<string> {
  const say = ANSWERS[name]
  return say === undefined ? '' : await say(answer as never)
}
