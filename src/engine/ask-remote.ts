import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { deleteNow } from '../host/files/discard.ts'
import { runCommand } from '../host/process/run-command.ts'
import { shellWord } from '../host/process/shell-word.ts'
import type { OwnedLane } from '../ledger/lanes.ts'
import { environmentOf } from './environment.ts'
import { programInLane } from './program.ts'
import { laneRoom } from './sandbox.ts'
import type { World } from './world.ts'

export interface RemoteQuestion {
  readonly url: string
  readonly commit: string
  /** Milliseconds. */
  readonly patience: number
}

/**
 * In a repository of its own: nothing of the lane is believed or run. A commit may be older than what branches and tags
 * are at; then it is fetched, without its files where the remote can do that. One that has gone silent lacks nothing.
 */
function script({ url, commit }: RemoteQuestion): string {
  const format = commit.length === 40 ? 'sha1' : 'sha256'
  return `cd / && GIT_DIR=$(mktemp -d) && export GIT_DIR || exit 3
trap 'rm -rf "$GIT_DIR"' EXIT
export GIT_TERMINAL_PROMPT=0 SSH_ASKPASS_REQUIRE=never GIT_ALLOW_PROTOCOL=file:git:http:https:ssh
git init -q --bare --object-format=${format} || exit 3
refs=$(git ls-remote -- ${shellWord(url)}) || exit 3
case $refs in *${commit}*) exit 0 ;; esac
git fetch -q --no-tags --depth=1 --filter=tree:0 -- ${shellWord(url)} ${commit} && exit 0
git ls-remote -- ${shellWord(url)} >/dev/null || exit 3
exit 1`
}

/** Whether a remote has a commit, asked with the network and the logins of the lane; null: it does not answer. */
export async function askRemote(
  world: World,
  lane: OwnedLane,
  question: RemoteQuestion,
): Promise<'has' | 'lacks' | null> {
  if (question.patience <= 0) return null
  const token = randomUUID()
  const purpose = { for: 'check' } as const
  const env = await environmentOf(world, lane, { epoch: 0, token, purpose })
  await mkdir(laneRoom(world, lane.id), { recursive: true, mode: 0o700 })
  // A shell may be open in the lane: see lane-shell.ts.
  const room = await mkdtemp(join(laneRoom(world, lane.id), 'asking-'))
  try {
    const program = await programInLane(world, lane, { command: 'git', env, purpose, room })
    const { exitCode } = await runCommand({
      command: script(question),
      cwd: lane.path,
      env: program.env,
      wrap: program.wrap,
      walled: program.walled,
      token,
      outputPath: join(room, 'output'),
      outputLimit: 65_536,
      timeLimit: Math.ceil(question.patience),
      signal: world.hurry,
    }).finally(program.close)
    return exitCode === 0 ? 'has' : exitCode === 1 ? 'lacks' : null
  } finally {
    await deleteNow([room])
  }
}
