import { devNull } from 'node:os'
import { git } from './git.ts'

export type Trailer = readonly [key: string, value: string]

export interface Message {
  /** One line; line breaks become spaces. */
  readonly subject: string
  readonly body: string
  readonly trailers: readonly Trailer[]
}

/**
 * The text of a commit message, trailers placed by git. It runs outside any repository and without the user's
 * configuration: `trailer.<name>.cmd` runs a command each time.
 */
export async function composeMessage(message: Message): Promise<string> {
  const text = [oneLine(message.subject), message.body.replaceAll('\0', '').trim()]
    .filter((part) => part !== '')
    .join('\n\n')
  if (message.trailers.length === 0) return `${text}\n`
  const trailers = message.trailers.flatMap(([key, value]) => ['--trailer', `${key}: ${oneLine(value)}`])
  const args = ['interpret-trailers', '--no-divider', '--if-exists', 'addIfDifferent', ...trailers]
  const { stdout } = await git({ gitDir: devNull }, args, {
    input: `${text}\n`,
    env: { GIT_CONFIG_GLOBAL: devNull, GIT_CONFIG_SYSTEM: devNull, GIT_CONFIG_NOSYSTEM: '1' },
    // Otherwise a last line that starts with # counts as a comment, and the trailers come before it.
    config: ['core.commentChar=\u0001'],
  })
  return stdout
}

function oneLine(text: string): string {
  return text.replaceAll(/[\s\0]+/g, ' ').trim()
}
