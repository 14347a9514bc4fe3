const SHELLS = new Set('bash dash ksh sh zsh'.split(' '))
/** Programs that only start another one, which is the one to name. */
const STARTERS = new Set([
  ...SHELLS,
  ...'bunx command deno env exec ionice nice node nohup npx python python3 setsid stdbuf sudo timeout uvx'.split(
    ' ',
  ),
])
const KEYWORDS = new Set('! do elif else eval if then time until while'.split(' '))
/** What a shell does itself before the program comes. */
const PREPARATIONS = new Set(
  ': . [ [[ cd exit export set shopt source test trap true ulimit umask unset'.split(' '),
)

/** Words, quoted or expanded in part or not at all, and what stands between commands. */
const TOKENS =
  /(?:\$\([^)]*\)|\$\{[^}]*\}|\\[\s\S]|"(?:\\.|[^"\\])*"|'[^']*'|[^\s"'\\;&|(){}])+|[;&|(){}\n]+/g
/** Longer lines are read in part: a name is not worth more time. */
const LONGEST = 1000

/**
 * The program of an agent's command, to name it by: `claude` for `cd x && KEY=… npx -y /opt/bin/claude -p`; `sh`
 * where none can be told. Never an assignment, which may hold a secret.
 */
export function programName(command: string): string {
  const simple: string[][] = [[]]
  for (const [token] of command.slice(0, LONGEST).matchAll(TOKENS))
    if (/^[;&|(){}\n]/.test(token)) simple.push([])
    else simple.at(-1)?.push(token)
  for (const words of simple) {
    const name = startedBy(words)
    if (name !== null) return name
  }
  return 'sh'
}

/** Null where a simple command starts nothing, or what only the shell knows. */
function startedBy(words: readonly string[]): string | null {
  let starter: string | null = null
  for (const [at, quoted] of words.entries()) {
    const word = quoted.replace(/^(["'])([\s\S]*)\1$/, '$2')
    const flag = words[at - 1] ?? ''
    // The script of `sh -c '…'` is a command of its own, that of `node -e '…'` is none.
    if (starter !== null && SHELLS.has(starter) && /^-\w*c$/.test(flag)) return programName(word)
    if (starter !== null && !SHELLS.has(starter) && /^(-c|-p?e|--eval)$/.test(flag)) return starter
    if (isAhead(word)) continue
    const name = word.split('/').at(-1) ?? word
    if (PREPARATIONS.has(name)) return null
    if (!STARTERS.has(name)) return /^[\p{L}\p{N}_@.+][\p{L}\p{N}_@.+: -]*$/u.test(name) ? name : null
    starter = name
  }
  return starter
}

/** An assignment, an option, a number of one, a redirection, a keyword. */
function isAhead(word: string): boolean {
  return /^(\w+=|-|\d+[smhd]?$|\d*[<>])/.test(word) || KEYWORDS.has(word)
}
