import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AGENT_PROGRAMS } from '../../../src/config/agent-programs.ts'
import { programsIn } from '../../../src/config/programs-in.ts'
import { homePathsOf, keysOf, withheldKeys } from '../../../src/config/provider-keys.ts'

test.each([
  ['claude -p --dangerously-skip-permissions', ['claude']],
  ['/usr/local/bin/codex exec -', ['codex']],
  ['~/.local/bin/claude', ['claude']],
  ['cd sub && timeout -k 5 30m claude -p | tee log', ['claude']],
  ['env -i FOO=1 BAR="a b" gemini --yolo', ['gemini']],
  ['ANTHROPIC_MODEL=x exec nice -n 5 claude', ['claude']],
  ['npx -y @openai/codex@latest exec', ['codex']],
  ['npx --yes -p @anthropic-ai/claude-code claude', ['claude']],
  ['bunx opencode-ai@1.2.3 run', ['opencode']],
  ['pnpm dlx @qwen-code/qwen-code', ['qwen']],
  ['uvx aider-chat --yes', ['aider']],
  [`sh -c 'exec claude -p "$(cat "$WORKLANE_PROMPT_FILE")"'`, ['claude']],
  ['bash -lc "if true; then goose run -i -; fi"', ['goose']],
  ['cat | claude -p || codex exec -', ['claude', 'codex']],
  ['<in.txt 2>&1 >out pi -p', ['pi']],
  ['"claude" -p', ['claude']],
  ['cl"au"de \\\n -p', ['claude']],
  ['copilot -p "$(cat)"; cursor-agent --print; amp -x', ['copilot', 'amp', 'cursor-agent']],
  ['./agent.sh', []],
  ['echo claude', []],
  ['git commit -m "claude did it"', []],
  ['cp x /opt/claude/y', []],
  ['true > claude', []],
  ['./claude.sh --codex', []],
  ['', []],
])('%s', (command, programs) => {
  expect(programsIn(command)).toEqual(programs)
})

test('any text at all is read in time', () => {
  const parts = fc.constantFrom(
    '"',
    "'",
    '\\',
    '$(',
    ')',
    ' ',
    ';',
    '>',
    'sh -c ',
    'claude',
    'x=',
    '&&',
    '\n',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(parts).map((list) => list.join('')),
      ),
      (command) => {
        expect(
          programsIn(command).every((name) => AGENT_PROGRAMS.some(({ names }) => names[0] === name)),
        ).toBe(true)
      },
    ),
  )
})

test('a program gets the keys of its own provider', () => {
  expect(keysOf(['claude'])).toContain('ANTHROPIC_API_KEY')
  expect(keysOf(['claude'])).not.toContain('OPENAI_API_KEY')
  expect(keysOf(['claude', 'codex'])).toEqual(expect.arrayContaining(['ANTHROPIC_API_KEY', 'OPENAI_API_KEY']))
  expect(keysOf([])).toEqual([])
  expect(homePathsOf(['codex'])).toContain('.codex/auth.json')
})

test('what an unknown program does not get is named, unless the settings list it', () => {
  const env = { ANTHROPIC_API_KEY: 'x', OPENAI_API_KEY: 'y', GEMINI_API_KEY: '', PATH: '/bin', GH_TOKEN: 'z' }
  expect(withheldKeys('./agent.sh', env, [])).toEqual(['ANTHROPIC_API_KEY', 'OPENAI_API_KEY'])
  expect(withheldKeys('./agent.sh', env, ['ANTHROPIC_*'])).toEqual(['OPENAI_API_KEY'])
  expect(withheldKeys('claude -p', env, [])).toEqual([])
})

test('every path of the table is within HOME, and small', () => {
  for (const { home } of AGENT_PROGRAMS)
    for (const path of home) expect(path).toMatch(/^\.[a-z][^/]*(\/[^/.][^/]*|\/\.[a-z][^/]*)*$/)
})
