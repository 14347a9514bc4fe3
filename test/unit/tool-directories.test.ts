import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { toolDirectories } from '../../src/host/sandbox/system.ts'

const home = join(realpathSync(mkdtempSync(join(tmpdir(), 'worklane-tools-'))), 'home')
const root = join(home, 'shop')
const at = (path: string): string => join(home, path)
const shown = (...path: string[]): string[] =>
  toolDirectories(path.map(at).join(':'), { home, root, commonDir: join(root, '.git'), lanes: at('lanes') })
    .map((place) => place.slice(home.length + 1))
    .sort()

beforeAll(() => {
  const files = [
    ...[
      'shop/.git/config',
      'shop/.env',
      'shop/bin/run',
      'shop/.git/bin/x',
      'shop/lib/code',
      'shop/.venv/bin/python',
    ],
    ...[
      'shop/.venv/lib/os.py',
      'shop/.venv/pyvenv.cfg',
      'shop/node_modules/.bin/tool',
      'shop/node_modules/t/tool.js',
    ],
    ...['.fly/bin/flyctl', '.fly/config.yml', '.docker/bin/docker', '.docker/config.json'],
    ...['.pyenv/.git/config', '.pyenv/bin/pyenv', '.pyenv/versions/3/bin/python', '.pyenv/secrets'],
    ...['node/bin/node', 'node/lib/x', 'node/README.md', 'other/.git/config', 'other/bin/run', 'other/.env'],
    ...['tool/.env', 'tool/main.sh', '.local/bin/own', '.local/share/key', 'kit/tool.sh', 'kit/part.sh'],
  ]
  for (const file of files) {
    mkdirSync(dirname(at(file)), { recursive: true })
    writeFileSync(at(file), '')
  }
  symlinkSync(at('tool/main.sh'), at('.local/bin/main'))
  symlinkSync(at('kit/tool.sh'), at('.local/bin/kit'))
  mkdirSync(at('lanes/1/bin'), { recursive: true })
  writeFileSync(at('lanes/1/bin/tool'), '')
  symlinkSync(at('.docker/config.json'), at('lanes/1/bin/login'))
  symlinkSync(at('lanes/1/bin/tool'), at('node/bin/of-a-lane'))
})
afterAll(() => rmSync(dirname(home), { recursive: true, force: true }))

test('what is installed is shown whole', () => {
  expect(shown('node/bin')).toEqual(['node'])
  expect(shown('shop/.venv/bin', 'shop/node_modules/.bin')).toEqual(['shop/.venv', 'shop/node_modules'])
})

test('a login beside bin stays hidden', () => {
  expect(shown('.fly/bin', '.docker/bin')).toEqual(['.docker/bin', '.fly/bin'])
  expect(shown('.pyenv/bin')).toEqual(['.pyenv/bin', '.pyenv/versions'])
})

test('of a project its programs alone are shown, of the checkout too', () => {
  expect(shown('other/bin', 'shop/bin')).toEqual(['other/bin', 'shop/bin'])
})

test('never HOME, the checkout, its git directory or what is above', () => {
  expect(shown('', 'shop', '..', 'shop/.git/bin', 'shop/.git')).toEqual([])
})

test('nothing of a lane, and nothing that a link there leads to', () => {
  expect(shown('lanes/1/bin')).toEqual([])
})

test('a link into a project shows the file, into another place what lies beside it', () => {
  expect(shown('.local/bin')).toEqual(['.local/bin', 'kit', 'tool/main.sh'])
})
