import { type GitPlace, git } from './git.ts'

export interface Person {
  readonly name: string
  readonly email: string
}

/** Who commits where the user has not told git a name. */
export const FALLBACK_IDENTITY: Person = { name: 'Worklane', email: 'worklane@localhost' }

/**
 * Environment for git commands that write commits. Empty where the user has told git who they are; git's own guess
 * from login and host name is no identity, so there ours stands.
 */
export async function identityEnvironment(place: GitPlace): Promise<Record<string, string>> {
  const { exitCode } = await git(place, ['var', 'GIT_COMMITTER_IDENT'], {
    answers: [0, 128],
    config: ['user.useConfigOnly=true'],
  })
  return exitCode === 0 ? {} : { ...authorEnvironment(FALLBACK_IDENTITY), ...committer(FALLBACK_IDENTITY) }
}

function committer({ name, email }: Person): Record<string, string> {
  return { GIT_COMMITTER_NAME: name, GIT_COMMITTER_EMAIL: email }
}

/** Git refuses a name of nothing but punctuation, which other tools let into commits. */
export function authorEnvironment({ name, email }: Person): Record<string, string> {
  const usable = /[^\s.,:;<>"\\']/.test(name) ? name : 'unknown'
  return { GIT_AUTHOR_NAME: usable, GIT_AUTHOR_EMAIL: email }
}

/** Whether the user asks for signed commits (`commit.gpgSign`). */
export async function signingAsked(place: GitPlace): Promise<boolean> {
  const args = ['config', '--type=bool', '--get', 'commit.gpgSign']
  const { stdout } = await git(place, args, { answers: [0, 1] })
  return stdout.trim() === 'true'
}
