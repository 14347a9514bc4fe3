import type { Task } from '../../board/task.ts'
import type { Note } from '../../ledger/tasks.ts'

const HEADING: Readonly<Record<Note['kind'], string>> = {
  attempt: 'An earlier attempt did not succeed',
  walls: 'The walls of its lane did not hold',
  conflict: 'It could not be merged',
  rejection: 'It was rejected',
  review: 'A reviewer sent it back',
  release: 'A note from the last holder',
  agent: 'A note from the agent of an earlier attempt',
  person: 'A note from a person',
  overlap: 'Another lane changes the same places',
  base: 'Files that it changed have changed in base too',
}

/** What the agent is asked: the task, what former attempts came to, and the conflict that it is in. Plain Markdown. */
export function promptFor(
  task: Task,
  notes: readonly Note[],
  lane: { readonly branch: string; readonly base: string },
  conflict: string | null,
): string {
  const parts = [`# ${task.subject}`]
  if (task.description !== '') parts.push(task.description)
  for (const note of notes) parts.push(`## ${HEADING[note.kind]}\n\n${note.text}`)
  if (conflict !== null) parts.push(conflict)
  parts.push(
    `## Where you work\n\nThis is task ${task.id}, on branch \`${lane.branch}\` in a git worktree of its own that started from \`${lane.base}\`. Commit your work on this branch; it is merged into \`${lane.base}\` after its checks have passed. Change nothing outside this directory.\n\nWhat whoever goes on with this task should know, leave with: \`worklane note "what I found"\`. Whether others change the same lines as you, and what else was noted since you began, says: \`worklane task show ${task.id}\``,
  )
  return `${parts.join('\n\n')}\n`
}
