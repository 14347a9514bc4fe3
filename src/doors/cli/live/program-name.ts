import { plainText } from './terminal-text.ts'

/** Programs that only start another one, which is the one to name. */
const STARTERS = new Set(
  'bash bunx command deno dash env exec nice node nohup npx python python3 sh time uvx zsh'.split(' '),
)

/**
 * The program of an agent's command, for a narrow column: `claude` for `KEY=… npx -y /opt/bin/claude -p`. Never an
 * assignment, which may hold a secret.
 */
export function programName(command: string): string {
  const words = command.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? []
  let starter = ''
  for (const quoted of words) {
    const word = quoted.replace(/^(["'])(.*)\1$/, '$2')
    // The script of `sh -c '…'` is a command of its own.
    if (starter !== '' && word !== quoted) return programName(word)
    if (/^\w+=/.test(word) || word.startsWith('-') || /^\d+$/.test(word)) continue
    const name = word.split('/').at(-1) ?? word
    if (!STARTERS.has(name)) return plainText(name)
    starter = name
  }
  return starter
}
