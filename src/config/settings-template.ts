/** What was found in a project that `worklane init` can suggest. */
export interface Found {
  /** Command that tests the project. */
  readonly verify: string | null
  /** Command that installs its dependencies. */
  readonly setup: string | null
  /** Ignored files that lanes will need. */
  readonly copy: readonly string[]
}

/** The text of a new `worklane.yaml`: what was found is set, everything else is a comment with its default. */
export function settingsTemplate(found: Found): string {
  const { verify, setup, copy } = found
  return `# Settings of Worklane. Everything is optional; a line that begins with # shows the default or an example.

# The branch that lanes start from and land on. Default: the branch of the main worktree.
# base: main

lanes:
  # Where lanes are made, relative to the main worktree, or absolute.
  # directory: .worktrees
  # Name of a lane's branch; {id} must be in it.
  # branch: task/{id}-{slug}
  # Ignored files that each lane gets a copy of (patterns as in .gitignore; .worktreeinclude adds to them).
  ${line('copy', copy.length === 0 ? null : `[${copy.map((path) => JSON.stringify(path)).join(', ')}]`, '[".env"]')}
  # Ignored paths that each lane gets a symbolic link to.
  # link: ["node_modules"]
  # Command that prepares a new lane.
  ${line('setup', scalar(setup), 'npm ci')}
  # Ports leased to each lane.
  # ports: { from: 20000, count: 10 }
  # Whether clean lanes in which nobody works follow base when it moves.
  # refresh: true

agents:
  # Command of tasks that name none: any program; it gets the task on stdin.
  # command: claude -p --dangerously-skip-permissions
  # How many run at once.
  # parallel: 4
  # Attempts before a task counts as failed.
  # attempts: 3
  # Wall time of one attempt, such as 30m or 2h. Default: no limit.
  # timeLimit: 2h
  # Output kept of one run.
  # outputLimit: 20mb
  # Further variables that agents, checks, set-up and verify inherit; a name may end in *. Keys of model providers go
  # to the agents that need them (claude, codex, …) without being listed; a script of your own needs them here.
  # environment: ["NPM_TOKEN", "AWS_*"]

# Commands that must succeed in the lane before a task counts as completed.
# checks: ["npm run lint"]

landing:
  # Command run on the exact commit that would become base. Without it, landings are labelled unverified.
  ${line('verify', scalar(verify), 'npm test')}
  # merge, squash or rebase.
  # style: merge
  # Whether every landing waits for a person's approval.
  # review: false
  # Wall time of one verify run.
  # timeLimit: 30m
  # Prepares the checkout that verify runs in. Default: the setup of lanes.
  # setup: npm ci
  # How many verify runs at once, each in a checkout of its own.
  # Caches in the checkout that the next run of the verify command finds as the last one left them.
  # keep: [target]
  # slots: 1
  # How many landings are verified together at most. Default: as many as cost the fewest runs.
  # batch: 8
  # Whether each landing must be green by itself; with the style rebase each of its commits.
  # everyCommit: false
  # A remote that base is pushed to after it has moved.
  # push: origin
  # Whether conflicts of lines that only touch, and of changelogs, are resolved by rules and then verified.
  # resolve: true
  # Files in which what two tasks add at one place is kept, one behind the other.
  # changelogs: ["CHANGELOG*"]

archive:
  # Ignored files that the archive of a removed lane keeps (patterns as in .gitignore).
  # ignored: ["*.sqlite"]
  # How long archives of landed work are kept, and how much all archives may take before the oldest of those go.
  # keepFor: 30d
  # atMost: 5gb

sandbox:
  # Behind walls agents, checks and verify see their lane, the machine's programs and nothing else.
  # With none they can read and change whatever you can.
  # mode: walls
  # The network of the machine (on), none (off), or only { domains: ["api.anthropic.com"] } through a proxy.
  # network: on
  # What programs in a lane may read and write beside it.
  # read: []
  # write: []
  # What each lane gets a copy of in a HOME of its own; the login of the agent that is started comes by itself.
  # home: [".npmrc"]
  # The largest file that a lane may commit.
  # largestFile: 100mb

limits:
  # With less free disk nothing new is claimed or started. 0: no floor.
  # freeDisk: 200mb
  # What one lane may use at most; beyond it programs get errors, and a run that does not stop is ended.
  # Processes and threads.
  # processes: 2048
  # Memory of one lane, and of all lanes together. Default: by the machine's memory and agents.parallel.
  # memory: 4gb
  # totalMemory: 12gb
  # Share of the processors, even when they are idle. Default: all, shared evenly when they are not.
  # cpu: 0.5
  # Open files of one process.
  # files: 8192
  # Disk that a lane's files take.
  # disk: 10gb
`
}

function line(key: string, value: string | null, example: string): string {
  return value === null ? `# ${key}: ${example}` : `${key}: ${value}`
}

/** Plain where it cannot be read as anything but the same text; in double quotes, which JSON shares, else. */
function scalar(text: string | null): string | null {
  if (text === null) return null
  return /^[a-z]+ [a-z0-9 ./=_-]*[a-z0-9]$/i.test(text) ? text : JSON.stringify(text)
}
