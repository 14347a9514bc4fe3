import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { detectProject } from '../../../src/config/detect-project.ts'
import { makeRepository, temporaryDirectory } from '../../fixtures/repository.ts'

let root = ''
beforeEach(() => {
  root = temporaryDirectory()
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function files(contents: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(contents)) writeFileSync(join(root, name), content)
}

const TESTED = '{"scripts":{"test":"vitest run"}}'
const named = (packageManager: string) => ({
  'package.json': JSON.stringify({ scripts: { test: 'x' }, packageManager }),
})

describe('detectProject', () => {
  it.each<[string, Record<string, string>, string | null, string | null]>([
    ['nothing', {}, null, null],
    ['npm with a lock', { 'package.json': TESTED, 'package-lock.json': '' }, 'npm test', 'npm ci'],
    ['npm without a lock', { 'package.json': TESTED }, 'npm test', 'npm install --no-package-lock'],
    ['pnpm', { 'package.json': TESTED, 'pnpm-lock.yaml': '' }, 'pnpm test', 'pnpm install --frozen-lockfile'],
    ['yarn 1', { 'package.json': TESTED, 'yarn.lock': '' }, 'yarn test', 'yarn install --frozen-lockfile'],
    [
      'yarn 4',
      { 'package.json': TESTED, 'yarn.lock': '', '.yarnrc.yml': '' },
      'yarn test',
      'yarn install --immutable',
    ],
    ['bun', { 'package.json': TESTED, 'bun.lock': '' }, 'bun run test', 'bun install --frozen-lockfile'],
    ['pnpm, only named', named('pnpm@9.1.0'), 'pnpm test', 'pnpm install --no-lockfile'],
    ['bun, only named', named('bun@1.2.0'), 'bun run test', 'bun install --no-save'],
    ['yarn 1, only named', named('yarn@1.22.0'), 'yarn test', 'yarn install --no-lockfile'],
    ['yarn 4, only named', named('yarn@4.1.0'), 'yarn test', null],
    ['no test script', { 'package.json': '{}', 'package-lock.json': '' }, null, 'npm ci'],
    [
      'the script of npm init',
      { 'package.json': '{"scripts":{"test":"echo \\"Error: no test specified\\" && exit 1"}}' },
      null,
      'npm install --no-package-lock',
    ],
    ['a broken package.json', { 'package.json': '{' }, null, 'npm install --no-package-lock'],
    ['a package.json of another shape', { 'package.json': 'null' }, null, 'npm install --no-package-lock'],
    [
      'a script that is no text',
      { 'package.json': '{"scripts":{"test":{}}}' },
      null,
      'npm install --no-package-lock',
    ],
    ['Cargo', { 'Cargo.toml': '' }, 'cargo test', null],
    ['Go', { 'go.mod': '' }, 'go test ./...', null],
    ['pytest', { 'pyproject.toml': '[tool.pytest.ini_options]\n' }, 'python3 -m pytest', null],
    ['pytest with uv', { 'pyproject.toml': 'pytest', 'uv.lock': '' }, 'uv run pytest', 'uv sync --frozen'],
    ['pytest with poetry', { 'conftest.py': '', 'poetry.lock': '' }, 'poetry run pytest', 'poetry install'],
    ['Python without pytest', { 'pyproject.toml': '[project]\n' }, null, null],
    ['make', { Makefile: 'all: x\n\ntest: all\n\tsh test.sh\n' }, 'make test', null],
    ['make without test', { Makefile: 'test := 1\ntests:\n\tx\n' }, null, null],
    [
      'package.json before make',
      { 'package.json': TESTED, Makefile: 'test:\n' },
      'npm test',
      'npm install --no-package-lock',
    ],
  ])('%s', async (_name, contents, verify, setup) => {
    files(contents)
    expect(await detectProject(root)).toEqual({ verify, setup, copy: [] })
  })

  it('does not stumble over a directory where a file is expected', async () => {
    mkdirSync(join(root, 'package.json'))
    mkdirSync(join(root, 'Makefile'))
    expect(await detectProject(root)).toEqual({ verify: null, setup: null, copy: [] })
  })

  it.each([
    '.env\n',
    '/.env\n',
    '.env*\n',
    '.env.*\n',
    '.env*\n!.env.production\n',
    '# .env\n',
    '.env/\n',
    'config/.env\n',
    '**/.env\n',
    '*.local\n',
    '.env\r\n',
    '.env.{local,test}\n',
    '!.env\n',
    '\\.env\n',
  ])('finds with .gitignore %j what git ignores', async (ignore) => {
    using repository = makeRepository({ '.gitignore': ignore })
    const names = ['.env', '.env.local', '.env.production', '.envrc', '.env.test']
    for (const name of names) repository.write(name, 'SECRET=1\n')
    const ignored = repository.git('ls-files', '--others', '--ignored', '--exclude-standard').split('\n')
    const expected = ignored.filter((name) => name !== '' && name !== '.envrc').sort()
    expect((await detectProject(repository.root)).copy).toEqual(expected)
  })

  it('leaves examples to the repository', async () => {
    files({ '.gitignore': '.env*\n', '.env': '', '.env.example': '' })
    expect((await detectProject(root)).copy).toEqual(['.env'])
  })
})
