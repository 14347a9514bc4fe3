import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DEFAULT_SETTINGS, readSettings, type Settings } from '../../../src/config/settings.ts'
import { temporaryDirectory } from '../../fixtures/repository.ts'
import { laterRefusal } from './refusal.ts'

let root = ''
beforeEach(() => {
  root = temporaryDirectory()
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const places = () => ({ root, home: join(root, 'home'), commonDir: join(root, '.git') })

async function read(text: string): Promise<Settings> {
  writeFileSync(join(root, 'worklane.yaml'), text)
  return await readSettings(places())
}

async function refused(text: string): Promise<string> {
  const error = await laterRefusal(read(text))
  return `${error.message} ${error.hint}`
}

const FULL = `
base: develop
lanes:
  directory: ../lanes
  branch: work/{id}
  copy: [".env", "config/*.local", "!config/x.local"]
  link: ["node_modules"]
  setup: npm ci
  ports: { from: 30000, count: 5 }
  refresh: false
agents:
  command: claude -p
  parallel: 8
  attempts: 2
  timeLimit: 1h30m
  outputLimit: 5MiB
  environment: [NPM_TOKEN, "AWS_*"]
checks: npm run lint
landing:
  verify: npm test
  style: squash
  review: true
  timeLimit: 10m
  keep: [target]
  slots: 2
  batch: 8
  everyCommit: true
  push: origin
  resolve: false
  changelogs: NEWS.md
archive:
  ignored: ["*.sqlite"]
  keepFor: 2d
  atMost: 1gib
sandbox:
  mode: none
  network: { domains: [API.example.com] }
  read: ["~/.rustup", /srv/models]
  write: ["~/.cache/pnpm"]
  home: .npmrc
  largestFile: 5mb
limits:
  freeDisk: 1gb
  processes: 512
  memory: 2gb
  totalMemory: 8gb
  cpu: 0.5
  files: 1024
  disk: 4gb
`

describe('readSettings', () => {
  it('gives the defaults where there is no file', async () => {
    expect(await readSettings(places())).toEqual(DEFAULT_SETTINGS)
  })

  it.each([
    '',
    '# only a comment\n',
    '{}',
    '---\n',
    'lanes:\nagents:\n',
    'lanes: { setup: null, ports: }',
    'checks:\n',
  ])('gives the defaults for %j', async (text) => {
    expect(await read(text)).toEqual(DEFAULT_SETTINGS)
  })

  it('reads every setting, with durations in milliseconds and sizes in bytes', async () => {
    expect(await read(FULL)).toEqual({
      base: 'develop',
      lanes: {
        directory: '../lanes',
        branch: 'work/{id}',
        copy: ['.env', 'config/*.local', '!config/x.local'],
        link: ['node_modules'],
        setup: 'npm ci',
        ports: { from: 30_000, count: 5 },
        refresh: false,
      },
      agents: {
        command: 'claude -p',
        parallel: 8,
        attempts: 2,
        timeLimit: 5_400_000,
        outputLimit: 5 * 2 ** 20,
        environment: ['NPM_TOKEN', 'AWS_*'],
      },
      checks: ['npm run lint'],
      landing: {
        verify: 'npm test',
        style: 'squash',
        review: true,
        timeLimit: 600_000,
        setup: 'npm ci',
        keep: ['target'],
        slots: 2,
        batch: 8,
        everyCommit: true,
        push: 'origin',
        resolve: false,
        changelogs: ['NEWS.md'],
      },
      archive: { ignored: ['*.sqlite'], keepFor: 172_800_000, atMost: 1_073_741_824 },
      sandbox: {
        mode: 'none',
        network: { mode: 'domains', domains: ['api.example.com'] },
        read: ['~/.rustup', '/srv/models'],
        write: ['~/.cache/pnpm'],
        home: ['.npmrc'],
        largestFile: 5_000_000,
      },
      limits: {
        freeDisk: 1_000_000_000,
        processes: 512,
        memory: 2_000_000_000,
        totalMemory: 8_000_000_000,
        cpu: 0.5,
        files: 1024,
        disk: 4_000_000_000,
      },
    })
  })

  it('prepares the verify checkout like a lane unless the file says otherwise', async () => {
    const own = await read('lanes: { setup: npm ci }\nlanding: { setup: make deps }\n')
    expect([own.lanes.setup, own.landing.setup]).toEqual(['npm ci', 'make deps'])
  })

  it('is frozen all through', async () => {
    for (const settings of [DEFAULT_SETTINGS, await read(FULL)]) {
      const parts = [
        settings,
        settings.lanes,
        settings.lanes.copy,
        settings.lanes.ports,
        settings.agents,
        settings.checks,
      ]
      expect(parts.every((part) => Object.isFrozen(part))).toBe(true)
    }
  })

  it('reads a file with a byte order mark and Windows line ends', async () => {
    expect((await read('\uFEFFbase: develop\r\nchecks:\r\n  - a\r\n')).checks).toEqual(['a'])
  })

  it('loads neither yaml nor zod where there is no file', () => {
    const settings = new URL('../../../src/config/settings.ts', import.meta.url).href
    const script = `
      import { registerHooks } from 'node:module'
      const loaded = []
      registerHooks({ resolve(name, context, next) { loaded.push(name); return next(name, context) } })
      const { readSettings } = await import(${JSON.stringify(settings)})
      await readSettings(${JSON.stringify(places())})
      console.log(loaded.filter((name) => !name.startsWith('node:') && !name.startsWith('.') && !name.startsWith('file:')).join())
    `
    const flags = ['--no-warnings', '--input-type=module', '--eval', script]
    expect(execFileSync(process.execPath, flags, { encoding: 'utf8' }).trim()).toBe('')
  })
})

describe('a wrong settings file', () => {
  it.each<[string, RegExp]>([
    [
      'agents:\n  paralel: 4\n',
      /worklane\.yaml:2: "agents\.paralel" is not known here\. Did you mean parallel\?/,
    ],
    ['lane:\n', /worklane\.yaml:1: "lane" is not known here\. Did you mean lanes\?/],
    ['\n\nagents:\n  parallel: many\n', /worklane\.yaml:4: agents\.parallel must be a whole number .*"many"/],
    ['agents: { parallel: 0 }', /from 1 to/],
    ['agents: { parallel: 2.5 }', /whole number/],
    ['agents: { parallel: .nan }', /whole number/],
    ['agents: { attempts: 0 }', /agents\.attempts/],
    ['agents: { timeLimit: 30 }', /agents\.timeLimit must be a duration.*timeLimit: 2h/],
    ['agents: { timeLimit: 30x }', /"30x" is not a duration/],
    ['agents: { outputLimit: 20 }', /size/],
    ['agents: { environment: ["*"] }', /environment\[0\] must be the name of a variable/],
    ['agents: { environment: ["A=b"] }', /variable/],
    ['agents: { command: "" }', /agents\.command must be a shell command/],
    ['agents: { command: "a\\0b" }', /shell command/],
    ['agents: [1]', /agents must be a mapping/],
    ['[1]', /The file must be a mapping/],
    ['just text', /The file must be a mapping/],
    ['base: a..b', /base must be the name of a branch/],
    ['base: [main]', /it is a list/],
    ['base: refs/heads/main', /branch/],
    ['lanes: { branch: "task/{slug}" }', /has no \{id\}/],
    ['lanes: { branch: "task/{id}-{title}" }', /placeholder/],
    ['lanes: { branch: "{id}.lock" }', /git does not take/],
    ['lanes: { directory: . }', /lanes\.directory must be a directory of its own/],
    ['lanes: { directory: "x/.." }', /directory/],
    ['lanes: { directory: .git/lanes }', /directory/],
    ['lanes: { directory: "a/../.GIT/x" }', /directory/],
    ['lanes: { directory: ~/lanes }', /directory/],
    ['lanes: { directory: "a\\nb" }', /directory/],
    ['lanes: { copy: ["../secret"] }', /lanes\.copy\[0\] must be a pattern for files inside/],
    ['lanes: { copy: [1] }', /lanes\.copy\[0\]/],
    ['lanes: { copy: { a: b } }', /lanes\.copy/],
    ['lanes: { link: ["node_*"] }', /without wildcards/],
    ['lanes: { link: ["/etc"] }', /lanes\.link\[0\]/],
    ['lanes: { link: [".git/hooks"] }', /lanes\.link\[0\]/],
    ['lanes: { ports: { from: 80 } }', /lanes\.ports\.from must be a whole number from 1024/],
    ['lanes: { ports: 20000 }', /lanes\.ports must be a mapping/],
    ['landing: { style: rebase-merge }', /landing\.style must be one of merge, squash, rebase/],
    ['landing: { review: yes }', /landing\.review must be true or false; it is "yes"/],
    ['landing: { timeLimit: 0s }', /landing\.timeLimit/],
    [
      'limits:\n  totalMemory: 100mb\n  memory: 1gb\n',
      /yaml:3: limits\.memory, .* more than limits\.totalMemory/,
    ],
    ['base: main\nbase: dev\n', /worklane\.yaml:2: The key "base" stands here twice/],
    ['__proto__: { base: x }', /"__proto__" is not known/],
    ['base: !!js/function "function(){}"', /tags/],
    ['base: a\n---\nbase: b\n', /:2: A second YAML document/],
    ['a: &x [*x]\n', /"a" is not known/],
    ['base: *none\n', /alias/],
    ['base: "unclosed\n', /YAML cannot be read/],
    ['lanes:\n\tsetup: x\n', /worklane\.yaml:2: The YAML cannot be read/],
    ['? [a]\n: b\n', /YAML cannot be read/],
    ['['.repeat(20_000), /nests|YAML cannot be read/],
  ])('%j', async (text, message) => {
    expect(await refused(text)).toMatch(message)
  })

  it.each([
    ['~/', 'is HOME or holds it'],
    ['~/.', 'is HOME or holds it'],
    ['~/over', 'is HOME or holds it'],
    ['ROOT/side/up/..', "is git's own directory or holds it"],
    ['ROOT', 'is HOME or holds it'],
    ['OUT/checkout', 'is the main checkout or holds it'],
    ['OUT/gits', "is git's own directory or holds it"],
    ['~/gits/x/hooks', "lies in git's own directory"],
    ['OUT/lanes', 'is the directory of the lanes or holds it'],
  ])('that opens %s to lanes: it %s', async (path, why) => {
    const out = temporaryDirectory()
    const [home, checkout, commonDir] = [join(root, 'home'), join(out, 'checkout'), join(out, 'gits/x')]
    for (const directory of [home, checkout, join(commonDir, 'hooks')])
      mkdirSync(directory, { recursive: true })
    mkdirSync(join(root, 'side'))
    symlinkSync(commonDir, join(root, 'side/up'))
    symlinkSync(root, join(home, 'over'))
    symlinkSync(join(out, 'gits'), join(home, 'gits'))
    const named = path.replace('ROOT', root).replace('OUT', out)
    const text = `lanes: { directory: ../lanes }\nsandbox:\n  write:\n    - /srv\n    - ${JSON.stringify(named)}\n`
    writeFileSync(join(checkout, 'worklane.yaml'), text)
    const { message } = await laterRefusal(readSettings({ home, root: checkout, commonDir }))
    expect(message).toContain(`worklane.yaml:5: sandbox.write[1] ${why}`)
  })

  it('is refused by the name people try first, when it has another', async () => {
    writeFileSync(join(root, 'worklane.yml'), 'base: main\n')
    expect((await laterRefusal(readSettings(places()))).hint).toBe('Rename worklane.yml to worklane.yaml.')
  })

  it('is refused with the line where it stops being UTF-8', async () => {
    writeFileSync(join(root, 'worklane.yaml'), Buffer.from('base: main\nchecks: ["\xff"]\n', 'latin1'))
    expect((await laterRefusal(readSettings(places()))).message).toMatch(/worklane\.yaml:2: .*UTF-8/)
  })

  it('is refused when it is a directory or too large', async () => {
    const path = join(root, 'worklane.yaml')
    mkdirSync(path)
    expect((await laterRefusal(readSettings(places()))).message).toMatch(/is a directory/)
    rmSync(path, { recursive: true })
    expect(await refused(`# ${'x'.repeat(2 ** 20)}`)).toMatch(/larger than 1 MiB/)
  })
})
