import { asFault } from '../fault.ts'
import { git } from './git.ts'
import type { SharedPlace } from './tree-diff.ts'

export interface Push {
  /** Its name in the repository's configuration. */
  readonly remote: string
  readonly commit: string
  /** Short name of the branch there. */
  readonly branch: string
}

/** Milliseconds. */
const PATIENCE = 60_000

/** What people's credentials need of git's own variables; the others could name another repository or prompt. */
const OF_GIT =
  /^GIT_(SSH|SSH_COMMAND|SSH_VARIANT|ASKPASS|SSL_.*|PROXY_.*|HTTP_.*|CONFIG_(GLOBAL|SYSTEM|NOSYSTEM))$/

/** Git's own list, without the `ext` transport, which runs any command (git-config(1), protocol.allow). */
const PROTOCOLS = ['https', 'http', 'ssh', 'git', 'file'].map((name) => `protocol.${name}.allow=always`)

/**
 * Pushes a commit to a branch of a remote as the user would by hand: in their environment, with their credentials, but
 * without force, hooks, prompts, tags and submodules. Answers why it failed, in a line; null: it is there.
 */
export async function pushCommit(
  { commonDir }: SharedPlace,
  { remote, commit, branch }: Push,
): Promise<string | null> {
  const flags = ['--porcelain', '--no-verify', '--no-follow-tags', '--no-signed', '--recurse-submodules=no']
  try {
    const { exitCode, stdout, stderr } = await git(
      { gitDir: commonDir },
      ['push', ...flags, '--', remote, `${commit}:refs/heads/${branch}`],
      { answers: [0, 1, 128], timeout: PATIENCE, config: PROTOCOLS, env: userEnvironment(), writes: true },
    )
    return exitCode === 0 ? null : withoutPassword(rejection(stdout) ?? lastLine(stderr))
  } catch (error) {
    const fault = asFault(error)
    if (fault === null) throw error
    return withoutPassword(fault.message)
  }
}

function userEnvironment(): Record<string, string> {
  const all = Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_') || OF_GIT.test(name))
  const own = Object.fromEntries(all.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
  const ssh = 'GIT_SSH_COMMAND' in own || 'GIT_SSH' in own ? {} : { SSH_ASKPASS_REQUIRE: 'never' }
  return { ...own, ...ssh, LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0' }
}

/** `!<tab><from>:<to><tab><summary> (<reason>)`, as git-push(1) has it with --porcelain. */
function rejection(stdout: string): string | null {
  return /^!\t[^\t]*\t(.*)$/m.exec(stdout)?.[1] ?? null
}

function lastLine(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const told = lines.findLast((line) => /^(fatal|error|remote): /.test(line)) ?? lines.at(-1)
  return (told ?? 'git push said nothing').slice(0, 300)
}

/** An address can hold one. */
function withoutPassword(text: string): string {
  return text.replace(/\/\/[^@/\s]*@/g, '//')
}
