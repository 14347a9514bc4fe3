import { type Answer, answerOf, complaints, type Ended, runProcess } from '../fixtures/product.ts'

/**
 * `git gc` packs refs and then deletes the loose ones; about a branch that anybody deletes or commits to in between it
 * says one of these, and ends well (git 2.39). Told apart, since only an idle repository would avoid it.
 */
const RACE_OF_GC =
  /^(error: cannot lock ref '[^']+': (unable to resolve reference '[^']+'( No such file or directory)?|is at \w+ but expected \w+)\n?)+$/
const RACED = 'that a branch was deleted or moved meanwhile'

/** Counts processes by kind, and what went wrong with them. */
export class Tally {
  readonly counts = new Map<string, number>()
  readonly errors: string[] = []
  readonly #worklane: string

  constructor(worklane: string) {
    this.#worklane = worklane
  }

  /** Plain git. A process that ends well but complains counts as wrong too: somebody reads that. */
  async git(cwd: string, ...args: readonly string[]): Promise<Ended> {
    const ended = await runProcess({ file: 'git', args, cwd })
    const kind = `git ${args.filter((arg, at) => arg !== '-c' && args[at - 1] !== '-c').join(' ')}`
    this.#count(kind.replace(/ (-m|--message=).*/, ''))
    if (ended.exitCode === 0 && RACE_OF_GC.test(ended.stderr)) this.#count(`${kind}, says ${RACED}`)
    else if (ended.exitCode !== 0 || /^(fatal|error|warning):/m.test(ended.stderr))
      this.errors.push(`${kind}: exit ${ended.exitCode}: ${ended.stderr.trim().slice(0, 300)}`)
    return ended
  }

  /** `expected`: codes of refusals that are an answer, such as `nothing-ready`. */
  async ask<T>(cwd: string, args: readonly string[], expected: readonly string[] = []): Promise<Answer<T>> {
    const ended = await runProcess({ file: this.#worklane, args: [...args, '--json'], cwd })
    const words = args.filter((word) => /^[a-z]+$/.test(word) && word !== 'json')
    const kind = `worklane ${words.slice(0, ['lane', 'task'].includes(words[0] ?? '') ? 2 : 1).join(' ')}`
    this.#count(kind)
    const answer = answerOf<T>(ended)
    const said = complaints(ended.stderr).trim()
    if (said !== '') this.errors.push(`${kind}: says ${said.slice(0, 300)}`)
    if (!answer.ok && !expected.includes(answer.error.code))
      this.errors.push(`${args.join(' ')}: ${answer.error.code}: ${answer.error.message}`)
    return answer
  }

  #count(kind: string): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1)
  }
}
