/** What the agents of this process printed last, by task; for the live view only, never for a decision. */
export class Activity {
  readonly #lines = new Map<number, string>()

  note(taskId: number, line: string): void {
    this.#lines.set(taskId, line)
  }

  last(taskId: number): string | null {
    return this.#lines.get(taskId) ?? null
  }

  forget(taskId: number): void {
    this.#lines.delete(taskId)
  }
}
