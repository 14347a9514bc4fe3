interface Visited {
  readonly task: number
  readonly problem: string | null
  readonly beyond: {
    readonly state: 'in_progress' | 'completed' | 'landed' | 'cancelled'
    readonly ref: string | null
    readonly uncommitted: number
  } | null
}

/** What became of a person's work in a lane, where it is not just on the branch. */
export function shellText({ task, problem, beyond }: Visited): string {
  if (problem !== null) return problem
  if (beyond === null) return ''
  const { state, ref, uncommitted } = beyond
  if (state === 'cancelled')
    return `Task ${task} is cancelled; what its lane held is archived: worklane lane restore ${task}`
  const is = {
    in_progress: `The work of the agent on task ${task} had been taken in already`,
    completed: `Task ${task} is completed`,
    landed: `Task ${task} has landed`,
  }
  const without = `${is[state]} without what you did here.`
  return [
    ref === null
      ? without
      : `${without} Your commits are kept at ${ref}: git merge ${ref}, or git branch NAME ${ref} and a new task.`,
    ...(uncommitted === 0
      ? []
      : [
          `What is not committed (${uncommitted} ${uncommitted === 1 ? 'path' : 'paths'}) is archived with the lane: worklane archive list`,
        ]),
  ].join('\n')
}
