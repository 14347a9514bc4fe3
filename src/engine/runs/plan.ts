/** What is seen of the tasks and runs. */
export interface RunsSight {
  /** Ready tasks, most urgent first. */
  readonly ready: readonly number[]
  /** Runs that are not ended: whose engine is this process, is alive elsewhere, or is gone. */
  readonly runs: readonly {
    readonly id: number
    readonly taskId: number
    readonly engine: 'own' | 'alive' | 'gone'
    readonly stop: boolean
  }[]
  /** Claims by an engine for which there is no run, and claims that were never answered: a crash came in between. */
  readonly stranded: readonly number[]
  /** Tasks whose holder let the lease run out. */
  readonly expired: readonly number[]
  /** Attempts that this process has begun and not finished, those without a run yet included. */
  readonly begun: ReadonlySet<number>
  /** How many may work at once; 0 when no new ones may start. */
  readonly slots: number
}

export type RunStep =
  | { readonly action: 'recover'; readonly runId: number; readonly taskId: number }
  | { readonly action: 'release'; readonly taskId: number }
  | { readonly action: 'expire'; readonly taskId: number }
  | { readonly action: 'start'; readonly taskId: number }

/** Pure: first repair what a dead engine, or a fault in the middle of our own work, left; then fill the free slots. */
export function planRuns(sight: RunsSight): RunStep[] {
  const steps: RunStep[] = []
  for (const run of sight.runs)
    if (run.engine === 'gone' || (run.engine === 'own' && !sight.begun.has(run.taskId)))
      steps.push({ action: 'recover', runId: run.id, taskId: run.taskId })
  for (const taskId of sight.stranded) if (!sight.begun.has(taskId)) steps.push({ action: 'release', taskId })
  for (const taskId of sight.expired) steps.push({ action: 'expire', taskId })
  const free = Math.max(0, sight.slots - sight.begun.size)
  const startable = sight.ready.filter((id) => !sight.begun.has(id))
  for (const taskId of startable.slice(0, free)) steps.push({ action: 'start', taskId })
  return steps
}
