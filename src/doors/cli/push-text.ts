import type { PushView } from '../../operations/push-view.ts'
import { plainText } from './live/terminal-text.ts'
import { shortCommit } from './live/wording.ts'

/** How the last push of base went, in one line. */
export function pushText({ base, remote, commit, reason }: PushView): string {
  const [what, where] = [plainText(base), plainText(remote)]
  return reason === null
    ? `${what} was pushed to ${where} at ${shortCommit(commit)}`
    : `! ${what} was not pushed to ${where}: ${plainText(reason)}; tried again at the next landing`
}
