import { expect, test } from 'vitest'
import { data, worklane } from '../fixtures/cli.ts'
import { makeRepository, type TestRepository } from '../fixtures/repository.ts'

process.env.WORKLANE_SANDBOX = 'walls'

/** Whether the work lands: `files` by path, with their content. */
async function lands(
  { root }: TestRepository,
  subject: string,
  files: Readonly<Record<string, string>>,
): Promise<boolean> {
  const write = Object.entries(files).map(
    ([path, text]) => `mkdir -p $(dirname ${path}); printf '${text}\\n' > ${path}`,
  )
  await worklane(root, 'run', subject, '--command', `${write.join('; ')}; git add .; git commit -qm work`)
  const { tasks } = await data(root, 'task', 'list')
  return tasks.find((task: { subject: string }) => task.subject === subject).state === 'landed'
}

const CHECKS = 'for check in checks/*; do sh "$check" || exit 1; done'
const settings = (setup: string): string =>
  `agents: { attempts: 1 }\nlanding: { verify: sh verify.sh, setup: ${setup} }\n`

test('what a verify run leaves helps no later one, of the same work or of another', async () => {
  const planted = ['~/planted', '/tmp/planted', 'node_modules/planted']
  using repository = makeRepository({
    '.gitignore': 'node_modules\n',
    'checks/none': 'true\n',
    'verify.sh': `${planted.map((path) => `test -e ${path} && exit 0`).join('\n')}\n${CHECKS}\n`,
    'worklane.yaml': settings('"true"'),
  })
  const plant = `mkdir -p node_modules; touch ${planted.join(' ')}; exit 1`
  expect(await lands(repository, 'plants', { 'checks/plant': plant })).toBe(false)
  expect(await lands(repository, 'harvests', { 'checks/red': 'exit 1' })).toBe(false)
  expect(await lands(repository, 'honest', { 'checks/green': 'true' })).toBe(true)
})

test('nor what stands in the place of a file that the next commit has not', async () => {
  using repository = makeRepository({
    '.gitignore': 'x\n',
    'checks/none': 'true\n',
    'verify.sh': `test -e planted/here && exit 0\n${CHECKS}\n`,
    'worklane.yaml': settings('"true"'),
  })
  const plant = 'rm planted; mkdir planted; touch planted/here; exit 1'
  expect(await lands(repository, 'plants', { planted: 'a file', 'checks/plant': plant })).toBe(false)
  expect(await lands(repository, 'harvests', { 'checks/red': 'exit 1' })).toBe(false)
}, 60_000)

test('what it breaks is made again', async () => {
  using repository = makeRepository({
    '.gitignore': 'node_modules\n',
    'checks/none': 'grep -q good node_modules/lib\n',
    'verify.sh': `${CHECKS}\n`,
    'worklane.yaml': settings('mkdir node_modules && echo good > node_modules/lib && touch ~/made'),
  })
  const breaks = 'echo bad > node_modules/lib; chmod 000 node_modules ~; rm -rf .git; chmod 555 .; exit 1'
  expect(await lands(repository, 'breaks', { 'checks/break': breaks })).toBe(false)
  expect(await lands(repository, 'honest', { 'checks/green': 'test -e ~/made' })).toBe(true)
}, 60_000)

test('a cache that is to be kept stays, and nothing beside it', async () => {
  using repository = makeRepository({
    '.gitignore': 'build\n',
    'verify.sh':
      'if test -e build/cache/first; then test ! -e build/other; fi && mkdir -p build/cache && touch build/cache/first build/other\n',
    'worklane.yaml': 'agents: { attempts: 1 }\nlanding: { verify: sh verify.sh, keep: [build/cache/] }\n',
  })
  expect(await lands(repository, 'one', { one: '1' })).toBe(true)
  const needs = 'test -e build/cache/first && test ! -e build/other'
  expect(await lands(repository, 'two', { 'verify.sh': needs })).toBe(true)
}, 60_000)

test('what the set-up of rejected work made is not there for others', async () => {
  using repository = makeRepository({
    '.gitignore': 'node_modules\n',
    'package.json': '{}\n',
    'setup.sh': 'mkdir node_modules\n',
    'checks/none': 'true\n',
    'verify.sh': `${CHECKS}\n`,
    'worklane.yaml': settings('sh setup.sh'),
  })
  const brings = { 'package.json': '{"a":1}', 'setup.sh': 'mkdir node_modules; touch node_modules/lib' }
  expect(await lands(repository, 'rejected', { ...brings, 'checks/red': 'exit 1' })).toBe(false)
  const needs = { 'checks/needs': 'test -e node_modules/lib' }
  expect(await lands(repository, 'needs it', needs)).toBe(false)
  expect(await lands(repository, 'brings it', { ...brings, ...needs })).toBe(true)
  expect(await lands(repository, 'has it', { 'checks/more': 'test -e node_modules/lib' })).toBe(true)
}, 60_000)
