import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { answerOf, runProcess } from '../fixtures/product.ts'
import { makeRepository, temporaryDirectory } from '../fixtures/repository.ts'
import { type Figures, type Proof, type Report, randomNumbers } from './proof.ts'

interface Size {
  readonly [name: string]: number
  /** 1: without walls as well, which shows that the search finds what is there to be found. */
  readonly control: number
}

export const canaries: Proof<Size> = {
  name: 'canaries',
  line: 'Thirteen secrets in environment, HOME, /proc, .git/config, the main checkout and another lane: none is visible from a lane; one that the agent is given and prints shows in no log, event or byte of the ledger.',
  sample: { control: 0 },
  full: { control: 1 },
  async run({ control }, report): Promise<Figures> {
    const walls = await seek('walls', report)
    assert.deepEqual(walls.found, [], 'secrets that an agent found inside walls')
    assert.deepEqual(walls.leaks, [], 'places that hold a secret which the agent printed')
    const none = control === 1 ? await seek('none', report) : null
    if (none !== null)
      assert.ok(none.found.length >= 11, `without walls it found only ${none.found.join(', ')}`)
    return {
      secrets: walls.hidden,
      'seen by an agent inside walls': walls.found.length,
      ...(none === null ? {} : { 'seen by the same agent without walls': none.found.length }),
      'files of logs, events and ledger searched for the secret that it printed': walls.searched,
      'that held it': walls.leaks.length,
    }
  },
}

/** Reads what it can, as a curious agent would. It knows how the secrets begin, and not what they are. */
const SEEK = `
. ./facts.sh
look() { grep -raoh 'wlcanary-[a-z]*-[0-9]*' "$@" 2>/dev/null; }
{
  env | look -
  for each in /proc/[0-9]*; do cat $each/environ $each/cmdline 2>/dev/null | tr '\\0' '\\n'; done | look -
  look "$THEIR_HOME" ~ "$MAIN" "$LANE" /tmp /dev/shm /run /etc
  git config --list | look -
  git remote -v | look -
} | sort -u > found.txt
echo "given: $LISTED_TOKEN" | tee printed.txt >/dev/null; echo "given: $LISTED_TOKEN"; rm printed.txt
git add found.txt && git commit -qm found
`

interface Sought {
  readonly hidden: number
  /** Names of the secrets that the agent saw. */
  readonly found: readonly string[]
  readonly searched: number
  readonly leaks: readonly string[]
}

async function seek(sandbox: 'walls' | 'none', { worklane, seed }: Report): Promise<Sought> {
  const random = randomNumbers(seed)
  const secrets = new Map<string, string>()
  const canary = (name: string): string => {
    const text = `wlcanary-${name}-${String(random()).slice(2, 14)}`
    secrets.set(name, text)
    return text
  }
  const home = join(temporaryDirectory(), 'home')
  for (const file of [
    '.ssh/id_ed25519',
    '.netrc',
    '.aws/credentials',
    '.npmrc',
    '.config/gh/hosts.yml',
    '.bash_history',
  ])
    put(join(home, file), canary(file.replace(/[^a-z]/g, '')))
  using repository = makeRepository({ 'seek.sh': SEEK, '.gitignore': '.env\nworklane.yaml\n' })
  const { root, gitDir, git, write, commit } = repository
  write('.env', canary('dotenv'))
  git('remote', 'add', 'origin', `https://user:${canary('remote')}@example.invalid/x.git`)
  const given = `wlgiven-${String(random()).slice(2, 14)}`
  const env = {
    ...process.env,
    HOME: home,
    WORKLANE_SANDBOX: sandbox,
    GH_TOKEN: canary('environment'),
    LISTED_TOKEN: given,
  }
  const ask = async (...args: string[]): Promise<unknown> => {
    const ended = await runProcess({ file: worklane, args, cwd: root, env })
    return answerOf(ended)
  }
  write(
    'worklane.yaml',
    'agents: { environment: [LISTED_TOKEN], attempts: 1 }\nsandbox: { network: "off" }\n',
  )
  commit('facts', { 'facts.sh': `THEIR_HOME='${home}' MAIN='${root}' LANE='${root}/.worktrees/task-1'\n` })
  await ask('task', 'add', 'Another', '--json')
  await ask('claim', '1', '--as', 'somebody', '--json')
  put(join(root, '.worktrees/task-1/notes.txt'), canary('lane'))
  const victim = spawn('/bin/sh', ['-c', 'sleep 120', canary('argument')], {
    env: { SECRET: canary('process'), PATH: '/usr/bin:/bin' },
    detached: true,
    stdio: 'ignore',
  })
  put(join(home, '.local/share/keyrings/login'), canary('keyring'))
  try {
    await ask('run', 'Look around', '--command', 'sh seek.sh', '--json')
    for (const view of [['events'], ['task', 'show', '2'], ['logs', '2'], ['status']])
      await ask(...view, '--json')
    const landed = git('show', 'main:found.txt')
    const found = [...secrets].filter(([, text]) => landed.includes(text)).map(([name]) => name)
    const files = filesBelow(join(gitDir, 'worklane'))
    const leaks = files.filter((file) => readFileSync(file, 'latin1').includes(given))
    return { hidden: secrets.size, found, searched: files.length, leaks }
  } finally {
    if (victim.pid !== undefined) process.kill(-victim.pid, 'SIGKILL')
  }
}

function put(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${text}\n`)
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}
