import { once } from 'node:events'
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  watch,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Fault } from '../../src/host/fault.ts'
import { seedHome } from '../../src/host/sandbox/private-home.ts'
import { temporaryDirectory } from '../fixtures/repository.ts'

let top = ''
const from = (): string => join(top, 'home')
const to = (): string => join(top, 'private')

function write(path: string, content: string, mode = 0o600): void {
  mkdirSync(dirname(join(top, path)), { recursive: true })
  writeFileSync(join(top, path), content, { mode })
}

function copied(path: string): string | null {
  try {
    return readFileSync(join(to(), path), 'utf8')
  } catch {
    return null
  }
}

beforeEach(() => {
  top = temporaryDirectory()
  mkdirSync(from())
  vi.stubEnv('GIT_CONFIG_GLOBAL', undefined)
  vi.stubEnv('XDG_CONFIG_HOME', undefined)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(top, { recursive: true })
})

test('brings the named files and directories with their modes, and nothing else', async () => {
  write('home/.claude.json', '{}')
  write('home/.claude/.credentials.json', 'login')
  write('home/.claude/commands/fix.sh', 'x', 0o750)
  write('home/.claude/history.jsonl', 'private')
  write('home/.ssh/id_rsa', 'key')
  await seedHome({
    from: from(),
    to: to(),
    paths: ['.claude.json', '.claude/.credentials.json', '.claude/commands/', '.claude/missing'],
  })
  expect(readdirSync(to(), { recursive: true }).sort()).toEqual([
    '.claude',
    '.claude.json',
    '.claude/.credentials.json',
    '.claude/commands',
    '.claude/commands/fix.sh',
    '.gitconfig',
  ])
  const modeOf = (path: string): number => statSync(join(to(), path)).mode & 0o777
  expect([modeOf('.'), modeOf('.claude'), modeOf('.claude.json'), modeOf('.claude/commands/fix.sh')]).toEqual(
    [0o700, 0o700, 0o600, 0o750],
  )
})

test('what is newer in the private one stays; what is newer in the real one replaces it', async () => {
  write('home/.a', 'old login')
  write('home/.b', 'old login')
  const seed = { from: from(), to: to(), paths: ['.a', '.b'] }
  await seedHome(seed)
  writeFileSync(join(to(), '.a'), 'refreshed')
  utimesSync(join(to(), '.a'), new Date(), new Date(Date.now() + 5_000))
  write('home/.b', 'new login')
  utimesSync(join(from(), '.b'), new Date(), new Date(Date.now() + 5_000))
  await seedHome(seed)
  expect([copied('.a'), copied('.b')]).toEqual(['refreshed', 'new login'])
})

test('links are followed within HOME, and no further', async () => {
  write('outside/secret', 'secret')
  write('home/dotfiles/settings.json', 'settings')
  mkdirSync(join(from(), '.x'))
  symlinkSync('../dotfiles/settings.json', join(from(), '.x/settings.json'))
  symlinkSync('../../outside/secret', join(from(), '.x/out'))
  symlinkSync('.', join(from(), '.x/loop'))
  symlinkSync('../outside', join(from(), '.y'))
  symlinkSync('dotfiles', join(from(), '.z'))
  await seedHome({ from: from(), to: to(), paths: ['.x', '.y', '.z'] })
  expect(readdirSync(to(), { recursive: true }).sort()).toEqual(
    ['.gitconfig', '.x', '.x/settings.json', '.z', '.z/settings.json'].sort(),
  )
})

test('nothing is written through what an earlier program left in the private one', async () => {
  write('home/.x/a', 'a')
  write('home/.b', 'b')
  write('outside/c', 'untouched')
  mkdirSync(to())
  symlinkSync('../outside', join(to(), '.x'))
  symlinkSync('../outside/c', join(to(), '.b'))
  symlinkSync('../outside/c', join(to(), '.gitconfig'))
  await seedHome({ from: from(), to: to(), paths: ['.x', '.b'] })
  expect([copied('.x/a'), copied('.b')]).toEqual(['a', 'b'])
  expect(readdirSync(join(top, 'outside'))).toEqual(['c'])
  expect(readFileSync(join(top, 'outside/c'), 'utf8')).toBe('untouched')
})

test('what a program in the private one could put a link in the place of is never there', async () => {
  write('home/.a', 'a')
  mkdirSync(to())
  const names = new Set<string | null>()
  const watcher = watch(to())
  watcher.on('change', (_, name) => void names.add(String(name)))
  await seedHome({ from: from(), to: to(), paths: ['.a'] })
  writeFileSync(join(to(), 'last'), '')
  while (!names.has('last')) await once(watcher, 'change')
  watcher.close()
  expect([...names].sort()).toEqual(['.a', '.gitconfig', 'last'])
})

test.each(['.', '', '..', '/', '../other', 'a/../..', '/etc/passwd'])('never %j', async (path) => {
  await expect(seedHome({ from: from(), to: to(), paths: [path] })).rejects.toThrow(Fault)
})

test('never more than 50 MB', async () => {
  write('home/.cache/big', 'x'.repeat(30_000_000))
  write('home/.cache/big2', 'x'.repeat(30_000_000))
  await expect(seedHome({ from: from(), to: to(), paths: ['.cache'] })).rejects.toThrow('more than 50 MB')
  expect(copied('.cache/big')).toBe(null)
})

test("git's settings come without what makes it run or read anything", async () => {
  write('home/more', '[pull]\n\trebase = true\n[alias]\n\tco = checkout\n\tsh = !sh -c evil\n')
  write(
    'home/.gitconfig',
    `[user]\n\tname = "A \\"B\\" C"\n\temail = a@b\n[include]\n\tpath = more\n[core]\n\teditor = evil\n\thooksPath = /evil
\tfsmonitor = evil\n\tautocrlf = input\n[credential]\n\thelper = store\n[filter "x"]\n\tclean = evil\n[url "https://t@h/"]
\tinsteadOf = h:\n[commit]\n\tgpgSign = true\n[http]\n\textraHeader = secret\n`,
  )
  await seedHome({ from: from(), to: to(), paths: [] })
  expect(copied('.gitconfig')).toBe(
    '[user]\n\tname = "A \\"B\\" C"\n[user]\n\temail = "a@b"\n[pull]\n\trebase = "true"\n[alias]\n\tco = "checkout"\n[core]\n\tautocrlf = "input"\n',
  )
})

test.runIf(process.getuid?.() === 0)('as root it is given to the user of the lane', async () => {
  write('home/.x/a', 'a')
  await seedHome({ from: from(), to: to(), paths: ['.x'], uid: 1_900_000_007 })
  for (const path of ['.', '.x', '.x/a', '.gitconfig']) {
    const { uid, gid } = statSync(join(to(), path))
    expect([uid, gid]).toEqual([1_900_000_007, 1_900_000_007])
  }
})
