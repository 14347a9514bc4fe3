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
  # Further variables that agents inherit; a name may end in *
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

archive:
  # Ignored files that the archive of a removed lane keeps (patterns as in .gitignore).
  # ignored: ["*.sqlite"]
  # How long archives of landed work are kept, and how much all archives may take before the oldest of those go.
  # keepFor: 30d
  # atMost: 5gb

limits:
  # With less free disk nothing new is claimed or started. 0: no floor.
  # freeDisk: 200mb
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
