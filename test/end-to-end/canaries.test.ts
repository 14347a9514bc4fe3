import { execFile } from 'node:child_process'
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { data, type Said, WORKLANE } from '../fixtures/cli.ts'
import { makeRepository, temporaryDirectory } from '../fixtures/repository.ts'

const long = (seed: string, length: number): string => `${seed}0Kq7Rz4Wm1Xp8`.repeat(10).slice(0, length)

/** Thirteen secrets: some are known from our environment or the person's .env, the others by what they look like. */
const CANARIES = {
  notHanded: 'canary-of-github-1f7Zq',
  provider: 'canary-of-anthropic-2Xw9',
  listed: 'canary-listed/ü+"3Vb8',
  password: 'canary-pass-4Tn6',
  copied: 'canary-of-payments-5Hd3',
  onePiece: `ghp_${long('a5', 36)}`,
  split: `sk-ant-${'api03'}-${long('b6', 90)}`,
  key: `-----BEGIN PRIVATE KEY-----\n${`${long('c7', 64)}\n`.repeat(20)}-----END PRIVATE KEY-----`,
  error: `eyJhbGciOiJIUzI1NiJ9.eyJ${long('d8', 60)}.${long('e9', 43)}`,
  check: `glpat-${long('f1', 20)}`,
  verify: `npm_${long('g2', 36)}`,
  setup: `AKIA${'J4K5L6M7N2P3Q4R5'}`,
  note: `xoxb-${'210987654321'}-${long('h3', 24)}`,
} as const

const ENV = {
  GH_TOKEN: CANARIES.notHanded,
  ANTHROPIC_API_KEY: CANARIES.provider,
  LISTED_TOKEN: CANARIES.listed,
  DATABASE_URL: `postgres://app:${CANARIES.password}@db.invalid/x`,
}

const AGENT = `
echo "handed: <$GH_TOKEN> <$ANTHROPIC_API_KEY> <\${LISTED_TOKEN:+yes}>"
echo "known: $LISTED_TOKEN $(printf %s "$LISTED_TOKEN" | base64)"
echo "from .env: $(cat .env)"
printf 'in pieces: %.20s' "$LISTED_TOKEN"; printf '%s\\n' "$LISTED_TOKEN" | tail -c +21
echo "password ${CANARIES.password} and ${CANARIES.onePiece}"
printf '%s' '${CANARIES.split.slice(0, 30)}'; printf '%s\\n' '${CANARIES.split.slice(30)}'
echo "${CANARIES.key}"
echo "token: ${CANARIES.error}" >&2
git commit -q --allow-empty -m work && echo x >> work.txt
`

/** To the shell a function, to us the program of that name. */
const CLAUDE = 'claude() { echo "claude has $ANTHROPIC_API_KEY"; sh agent.sh; }; claude'

async function worklane(cwd: string, ...args: readonly string[]): Promise<Said> {
  return await new Promise((resolve) => {
    const options = { cwd, env: { ...process.env, ...ENV }, maxBuffer: 2 ** 26 }
    execFile(WORKLANE, [...args], options, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, err }),
    )
  })
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

/** Every form in which a line of it would show; each line of the key counts. */
function tracesOf(secret: string): string[] {
  return secret
    .split('\n')
    .filter((line) => line.length > 30 || !line.startsWith('-----'))
    .filter((line) => line !== '')
    .flatMap((line) => [
      line,
      JSON.stringify(line).slice(1, -1),
      Buffer.from(line).toString('base64').slice(0, -4),
    ])
}

it('thirteen canaries show in no output, event, log, note or byte of the ledger', async () => {
  using repository = makeRepository({
    'agent.sh': AGENT,
    'check.sh': `echo "check ${CANARIES.check} <$ANTHROPIC_API_KEY>"; exit 1\n`,
    'verify.sh': `echo "verify ${CANARIES.verify} <$ANTHROPIC_API_KEY>"; exit 1\n`,
    'setup.sh': `echo "set-up ${CANARIES.setup} <$LISTED_TOKEN> <$ANTHROPIC_API_KEY>"\n`,
    'worklane.yaml': `lanes: { setup: sh setup.sh, copy: [.env] }\nagents: { attempts: 1, environment: [LISTED_TOKEN] }\nlanding: { verify: sh verify.sh }\nsandbox: { mode: none }\n`,
    'tasks.json': JSON.stringify([
      { subject: 'Verified' },
      { subject: 'Checked', command: CLAUDE, checks: ['sh check.sh'] },
    ]),
  })
  const { root } = repository
  appendFileSync(join(repository.gitDir, 'info/exclude'), '.env\n')
  writeFileSync(join(root, '.env'), `MODE=test\nPAYMENTS_SECRET="${CANARIES.copied}"\n`)
  const said: Said[] = []
  const tell = async (...args: readonly string[]): Promise<Said> => {
    const answer = await worklane(root, ...args)
    said.push(answer)
    return answer
  }
  const run = await tell('run', 'tasks.json', '--command', 'sh agent.sh')
  expect(run.out + run.err).toContain('ANTHROPIC_API_KEY is not handed to agent.sh; list it under')
  await tell('task', 'add', 'Noted')
  await tell('claim', '3', '--as', 'somebody')
  await tell('release', '3', '--force', '--note', `it said ${CANARIES.note} and ${CANARIES.password}`)
  for (const task of ['1', '2', '3']) await tell('task', 'show', task, '--json')
  const logs = await tell('logs', '1')
  const claude = await tell('logs', '2')
  for (const view of ['status', 'events']) await tell(view, '--json')

  // It did happen: what was said is there without the secrets.
  expect(logs.out).toContain('handed: <> <> <yes>')
  expect(logs.out).toContain('known: [redacted] [redacted]')
  expect(logs.out).toContain('from .env: MODE=test\nPAYMENTS_SECRET="[redacted]"')
  expect(logs.out).toContain(
    'in pieces: [redacted]\npassword [redacted] and [redacted]\n[redacted]\n[redacted]\n',
  )
  expect(logs.out).toContain('token: [redacted]')
  expect(claude.out).toContain('claude has [redacted]')
  const places = [
    ...said.flatMap(({ out, err }, at) => [out, err].map((text) => [`answer ${at}`, text] as const)),
    // But the checkout for verify, which holds the project's own files.
    ...filesBelow(join(repository.gitDir, 'worklane'))
      .filter((file) => !file.includes('/verify/0/'))
      .map((file) => [file, readFileSync(file, 'latin1')] as const),
  ]
  const seen = places.map(([, text]) => text).join('\n')
  for (const part of [
    'check [redacted] <>',
    'verify [redacted] <>',
    'set-up [redacted] <[redacted]> <>',
    'it said [redacted]',
  ])
    expect(seen).toContain(part)
  const leaks = places.flatMap(([place, text]) =>
    Object.entries(CANARIES)
      .filter(([, secret]) =>
        tracesOf(secret).some(
          (trace) => text.includes(trace) || text.includes(Buffer.from(trace).toString('latin1')),
        ),
      )
      .map(([name]) => `${name} in ${place}`),
  )
  expect(leaks).toEqual([])
})

it('what a person typed is used as it is, and told without the secrets in it', async () => {
  using repository = makeRepository({ 'agent.sh': 'printf %s "$KEY" | wc -c > length\n' })
  const { root, git } = repository
  const title = `Rotate ${CANARIES.onePiece} soon`
  const command = `KEY=${CANARIES.notHanded} sh agent.sh`
  const said: Said[] = []
  const tell = async (...args: readonly string[]): Promise<string> => {
    const answer = await worklane(root, ...args)
    said.push(answer)
    return answer.out
  }
  const run = await tell('run', title, '--command', command, '--no-land')
  expect(run).toContain('#1 Rotate [redacted] soon')
  expect(git('branch', '--list', 'task/*').trim()).toMatch(/task\/1-rotate-redacted-soon$/)
  expect(await tell('task', 'show', '1')).toContain('KEY=[redacted] sh agent.sh')
  for (const view of [
    'task show 1 --json',
    'task list',
    'lane list',
    'radar',
    'landing list',
    'events',
    'land',
  ])
    await tell(...view.split(' '))
  await tell('revert', '1')
  await tell('land')
  expect(git('show', 'HEAD~1:length').trim()).toBe(String(CANARIES.notHanded.length))
  const log = git('log', '--all', '--format=%B')
  expect(log).toContain('Revert task 1: Rotate [redacted] soon')
  const seen = said.map(({ out, err }) => out + err).join('\n') + log
  for (const secret of [CANARIES.onePiece, CANARIES.notHanded])
    expect(seen.toLowerCase()).not.toContain(secret.toLowerCase().replace('_', '-').slice(4))
})

it('dotenv files below the top, by whatever name, and copied logins are known too', async () => {
  using repository = makeRepository()
  const { root, write } = repository
  const secrets = ['q9Zt4Lw8Vb2Nc7Xk1Mj6Hs', 'Tr5Yx2Qm8Wk4Zp7Lb1Vd9Gf', 'only-in-the-login-of-codex']
  const home = temporaryDirectory()
  mkdirSync(join(home, '.codex'))
  writeFileSync(join(home, '.codex/auth.json'), JSON.stringify({ tokens: { access: secrets[2] } }))
  write('packages/api/.env', `SITE=${secrets[0]}\n`)
  write('.env.local', `OTHER=${secrets[1]}\n`)
  const { HOME } = process.env
  process.env.HOME = home
  try {
    await data(root, 'task', 'add', 'one')
    await data(root, 'task', 'note', '1', `found ${secrets.join(' and ')}`)
    const { notes } = await data(root, 'task', 'show', '1')
    expect(notes[0].text).toBe('found [redacted] and [redacted] and [redacted]')
  } finally {
    process.env.HOME = HOME
    rmSync(home, { recursive: true })
  }
})
