import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import picomatch from 'picomatch'
import type { Found } from './settings-template.ts'

/** The commands that `init` suggests, and the files that lanes will need. Reads files at `root`; runs nothing. */
export async function detectProject(root: string): Promise<Found> {
  const project: Project = { root, names: new Set(await readdir(root)) }
  const copy = await environmentFiles(project)
  for (const detect of [npm, cargo, go, python, make]) {
    const commands = await detect(project)
    if (commands !== null) return { ...commands, copy }
  }
  return { verify: null, setup: null, copy }
}

interface Project {
  readonly root: string
  /** Names at the top. */
  readonly names: ReadonlySet<string>
}

type Commands = Pick<Found, 'verify' | 'setup'>

/** The text of a file at the top; empty where it is missing or unreadable. */
async function textOf({ root, names }: Project, name: string): Promise<string> {
  const path = join(root, name)
  if (!names.has(name)) return ''
  try {
    // A pipe would be waited for.
    return (await stat(path)).isFile() ? await readFile(path, 'utf8') : ''
  } catch {
    return ''
  }
}

async function npm(project: Project): Promise<Commands | null> {
  const text = await textOf(project, 'package.json')
  if (text === '') return null
  const { script, manager, version } = manifest(text)
  const { names } = project
  // The script that `npm init` writes only prints an error.
  const real = script !== null && !script.includes('no test specified')
  const lock = (...files: string[]): boolean => files.some((file) => names.has(file))
  const commands = (program: string, setup: string | null): Commands => ({
    verify: real ? `${program} test` : null,
    setup,
  })
  // Without a lock file none is made either: it would lie in every lane, and nobody has asked for it.
  if (lock('pnpm-lock.yaml')) return commands('pnpm', 'pnpm install --frozen-lockfile')
  if (manager === 'pnpm') return commands('pnpm', 'pnpm install --no-lockfile')
  if (lock('bun.lock', 'bun.lockb')) return commands('bun run', 'bun install --frozen-lockfile')
  if (manager === 'bun') return commands('bun run', 'bun install --no-save')
  if (lock('yarn.lock'))
    // Yarn 2 and later keep their settings in .yarnrc.yml and renamed the flag.
    return commands(
      'yarn',
      lock('.yarnrc.yml') ? 'yarn install --immutable' : 'yarn install --frozen-lockfile',
    )
  // Yarn 2 and later cannot do without a lock file.
  if (manager === 'yarn')
    return commands('yarn', version.startsWith('1.') ? 'yarn install --no-lockfile' : null)
  const locked = lock('package-lock.json', 'npm-shrinkwrap.json')
  return commands('npm', locked ? 'npm ci' : 'npm install --no-package-lock')
}

/** scripts.test, and the program and version named by packageManager; a file that is not JSON has neither. */
function manifest(text: string): { script: string | null; manager: string | null; version: string } {
  try {
    const found: unknown = JSON.parse(text)
    const { scripts, packageManager } = found as { scripts?: { test?: unknown }; packageManager?: unknown }
    const script = scripts?.test
    const [manager = null, version = ''] = typeof packageManager === 'string' ? packageManager.split('@') : []
    return { script: typeof script === 'string' ? script : null, manager, version }
  } catch {
    return { script: null, manager: null, version: '' }
  }
}

async function cargo({ names }: Project): Promise<Commands | null> {
  return names.has('Cargo.toml') ? { verify: 'cargo test', setup: null } : null
}

async function go({ names }: Project): Promise<Commands | null> {
  return names.has('go.mod') ? { verify: 'go test ./...', setup: null } : null
}

async function python(project: Project): Promise<Commands | null> {
  const { names } = project
  const files = ['pyproject.toml', 'setup.cfg', 'tox.ini', 'requirements-dev.txt']
  const texts = await Promise.all(files.map((name) => textOf(project, name)))
  const tested =
    names.has('pytest.ini') || names.has('conftest.py') || texts.some((text) => text.includes('pytest'))
  if (!tested) return null
  if (names.has('uv.lock')) return { verify: 'uv run pytest', setup: 'uv sync --frozen' }
  if (names.has('poetry.lock')) return { verify: 'poetry run pytest', setup: 'poetry install' }
  return { verify: 'python3 -m pytest', setup: null }
}

async function make(project: Project): Promise<Commands | null> {
  const text = await textOf(project, 'Makefile')
  return /^test[ \t]*:(?!=)/m.test(text) ? { verify: 'make test', setup: null } : null
}

/** `.env` and its like at the top that git would ignore. Examples and templates belong to the repository. */
async function environmentFiles(project: Project): Promise<string[]> {
  const rules = (await textOf(project, '.gitignore')).split('\n')
  const files = [...project.names].filter((name) => name === '.env' || name.startsWith('.env.'))
  return files
    .filter((name) => !/\.(example|sample|template|dist)$/.test(name) && ignoredAtTop(name, rules))
    .sort()
}

/** gitignore(5) for a file at the top: the last rule that matches decides; rules for directories never match. */
function ignoredAtTop(name: string, rules: readonly string[]): boolean {
  let ignored = false
  for (const rule of rules) {
    const line = rule.trimEnd()
    const pattern = line.replace(/^!/, '').replace(/^\//, '')
    if (line === '' || line.startsWith('#') || pattern.endsWith('/')) continue
    if (picomatch.isMatch(name, pattern, { dot: true, nobrace: true, noext: true, nonegate: true }))
      ignored = !line.startsWith('!')
  }
  return ignored
}
