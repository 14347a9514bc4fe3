import { AGENT_PROGRAMS } from './agent-programs.ts'

/**
 * The known agent programs that a shell command line starts itself, in the order of the table; what a script of the
 * user's starts is not seen. Reads words as POSIX sh splits them (Shell Command Language, 2.2 and 2.3), and runs
 * nothing.
 */
export function programsIn(command: string): string[] {
  const starts = new Set(simpleCommands(command).flatMap(started))
  return AGENT_PROGRAMS.filter(({ names }) => names.some((name) => starts.has(name))).map(
    ({ names: [name = ''] }) => name,
  )
}

/** A single- or double-quoted part, an escaped character, an operator, blanks, or plain characters. */
const TOKEN =
  /'([^']*)'|"((?:\\.|[^"\\])*)"|\\([\s\S])|(\$\(|[;&|()<>{}`\n]+)|([ \t]+)|([^'"\\;&|()<>{}`\n \t$]+|\$)/g

/** The words of each simple command, without the files of redirections. */
function simpleCommands(line: string): string[][] {
  const commands: string[][] = [[]]
  let word: string | null = null
  let redirected = false
  const endWord = (): void => {
    if (word !== null && !redirected) commands.at(-1)?.push(word)
    if (word !== null) redirected = false
    word = null
  }
  for (const [, single, double, escaped, operator, blank, plain] of line.matchAll(TOKEN)) {
    const redirects = operator !== undefined && /[<>]/.test(operator)
    // The number of a descriptor, as in `2>&1`.
    if (redirects && /^\d+$/.test(word ?? '')) word = null
    if (operator !== undefined || blank !== undefined) endWord()
    if (operator !== undefined) redirected = redirects
    if (operator !== undefined && !redirects) commands.push([])
    if (operator !== undefined || blank !== undefined) continue
    const part = single ?? double?.replace(/\\([$`"\\])/g, '$1') ?? (escaped === '\n' ? '' : escaped) ?? plain
    word = `${word ?? ''}${part ?? ''}`
  }
  endWord()
  return commands.filter((words) => words.length > 0)
}

/** Words in front of the one that counts: keywords of the shell, and programs that start another with their arguments. */
const WRAPPERS = new Set([
  ...['if', 'then', 'else', 'elif', 'do', 'while', 'until', '!', 'time', 'exec', 'command', 'eval'],
  ...['env', 'nohup', 'nice', 'ionice', 'timeout', 'setsid', 'stdbuf', 'sudo', 'doas', 'chronic', 'unbuffer'],
  ...['npx', 'bunx', 'pnpx', 'uvx', 'npm', 'pnpm', 'yarn', 'bun', 'uv', 'pipx', 'mise', 'op', 'dotenvx'],
  ...['x', 'exec', 'dlx', 'run', 'tool', 'xargs', 'caffeinate', 'tsx', 'node'],
])
const SHELLS = new Set(['sh', 'bash', 'zsh', 'dash', 'ksh'])

/** The program of a simple command, behind everything that only starts it. */
function started(words: readonly string[]): string[] {
  let at = 0
  while (at < words.length && isAhead(words, at)) at += 1
  const program = programName(words[at] ?? '')
  if (!SHELLS.has(program)) return [program]
  const flag = words.findIndex((word, index) => index > at && /^-[a-z]*c$/.test(word))
  return flag === -1 ? [] : simpleCommands(words[flag + 1] ?? '').flatMap(started)
}

/** An assignment, a wrapper, or an option or a number behind a wrapper (`timeout 5m`, `nice -n 5`). */
function isAhead(words: readonly string[], at: number): boolean {
  const word = words[at] ?? ''
  if (/^[A-Za-z_]\w*=/.test(word) || WRAPPERS.has(programName(word))) return true
  return at > 0 && (/^-/.test(word) || /^\d+(?:\.\d+)?[smhd]?$/.test(word))
}

/** Without directory, and as the package of that name: `@openai/codex@latest`. */
function programName(word: string): string {
  const name = word.replace(/(?<=.)@[^/@]*$/, '')
  return name.startsWith('@') ? name : (name.split('/').at(-1) ?? '')
}
