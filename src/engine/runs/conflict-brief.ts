import type { BegunMerge } from '../../host/git/begin-merge.ts'
import type { LandedStep } from '../../host/git/landed-work.ts'

/** A step of base; of a task's landing also what was asked for. */
export interface OtherIntent extends LandedStep {
  readonly description: string
}

export interface ConflictFacts {
  readonly base: string
  readonly merge: BegunMerge
  /** How often the task has conflicted so far. */
  readonly conflicts: number
  readonly others: readonly OtherIntent[]
  /** What base changed in the files, as a patch. */
  readonly patch: string
  /** Commands that the result has to pass: in the lane, and merged. */
  readonly checks: readonly string[]
  readonly verify: string | null
}

/** Characters of the patch, and of what one other task asked for. */
const LONGEST_PATCH = 12_000
const LONGEST_INTENT = 800

/** What the agent of a task that conflicted is told: how its lane stands, what the other side wants, what must pass. */
export function conflictBrief(facts: ConflictFacts): string {
  const { base, merge, conflicts } = facts
  const again =
    conflicts > 1
      ? `This task has conflicted ${conflicts} times: what was resolved before met what has landed since. Go by the files as they are now.`
      : ''
  const parts = [
    `## ${merge.kind === 'open' ? 'A merge is in progress here' : `About the conflict with ${base}`}`,
    again,
    standing(base, merge),
    ...(merge.kind === 'contained' ? [] : [othersText(facts), patchText(facts)]),
    mustPass(facts),
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

function standing(base: string, merge: BegunMerge): string {
  if (merge.kind === 'contained') return `This branch contains all of \`${base}\`: nothing is left to merge.`
  if (merge.kind === 'left')
    return `\`${base}\` has not been merged into this branch, because ${merge.reason}. Commit what is here, then run \`git merge ${base}\`, resolve every conflict so that both sides keep what they meant, and commit.`
  if (merge.kind === 'merged')
    return `\`${base}\` (${merge.onto.slice(0, 12)}) has been merged into this branch; no conflict was left to resolve. See that the task's work is still whole.`
  if (merge.files.length === 0)
    return `The merge of \`${base}\` into this branch has no unresolved files any more. See that they keep what both sides meant, then run \`git commit\`.`
  return [
    `\`${base}\` has moved on, and this branch conflicts with it. The merge of \`${base}\` (${merge.onto.slice(0, 12)}) into this branch is in progress: what merges by itself is staged, and these files hold conflict markers:`,
    merge.files.map((file) => `- ${file}`).join('\n'),
    `Between \`<<<<<<<\` and \`|||||||\` stands this task's side, up to \`=======\` what both began with, up to \`>>>>>>>\` the side of \`${base}\`. A file without markers was deleted, renamed or added by one side. Resolve each so that both sides keep what they meant, \`git add\` it, and end with \`git commit\`. Do not abort the merge, and do not take one side whole: a run that leaves it unfinished does not count.`,
  ].join('\n\n')
}

function othersText({ base, others }: ConflictFacts): string {
  if (others.length === 0) return ''
  const lines = others.map(({ commit, subject, task, description }) => {
    const what = task === null ? `commit ${commit.slice(0, 12)}` : `task ${task}`
    const asked = clip(description.trim(), LONGEST_INTENT)
    return `- ${what}: ${subject}${asked === '' ? '' : `\n${asked.replace(/^/gm, '  > ')}`}`
  })
  return `### What ${base} wants in these files\n\n${lines.join('\n')}`
}

function patchText({ base, patch }: ConflictFacts): string {
  if (patch === '') return ''
  const text = clip(patch, LONGEST_PATCH)
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length))
  const fence = '`'.repeat(Math.max(3, longest + 1))
  return `### What ${base} changed in them\n\n${fence}diff\n${text.trimEnd()}\n${fence}`
}

function mustPass({ checks, verify }: ConflictFacts): string {
  const commands = [...checks, ...(verify === null ? [] : [verify])]
  if (commands.length === 0) return ''
  return `### What must pass\n\n${commands.map((command) => `- \`${command}\``).join('\n')}`
}

function clip(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}\n… (${text.length - most} more characters)`
}
