import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { background, data, until, worklane } from '../fixtures/cli.ts'
import { makeRepository, plainGit } from '../fixtures/repository.ts'

const LINES = Array.from({ length: 30 }, (_, at) => `line ${at + 1}`)
const text = (change: Readonly<Record<number, string>> = {}): string =>
  LINES.map((line, at) => `${change[at + 1] ?? line}\n`).join('')

async function claimed(root: string, subject: string): Promise<string> {
  const { id } = await data(root, 'task', 'add', subject)
  return (await data(root, 'claim', String(id), '--as', 'ann')).lane.path
}

test('uncommitted and untracked work of two lanes appears with its lines, and goes when it is gone', async () => {
  using repository = makeRepository({ 'code.txt': text(), 'other.txt': text(), '.gitignore': 'out/\n' })
  const { root } = repository
  const [a, b, c] = [
    await claimed(root, 'First'),
    await claimed(root, 'Second'),
    await claimed(root, 'Third'),
  ]
  // The first has committed, staged and untracked work; the second works on the same without a commit.
  writeFileSync(join(a, 'code.txt'), text({ 10: 'ten of a' }))
  plainGit(a, 'commit', '-qam', 'work')
  writeFileSync(join(a, 'code.txt'), text({ 10: 'ten of a', 20: 'twenty of a' }))
  plainGit(a, 'add', '-A')
  writeFileSync(join(a, 'new.txt'), 'new of a\n')
  writeFileSync(
    join(b, 'code.txt'),
    text({ 10: 'ten of b', 20: 'twenty of b', 2: 'two of b\nand more of b' }),
  )
  writeFileSync(join(b, 'new.txt'), 'new of b\n')
  // The third changes the same files elsewhere, and what base is about to change.
  writeFileSync(join(c, 'code.txt'), text({ 28: 'of c' }))
  writeFileSync(join(c, 'other.txt'), text({ 5: 'of c' }))
  mkdirSync(join(c, 'OUT'))
  writeFileSync(join(c, 'OUT', 'x'), '')
  repository.commit('meanwhile', { 'other.txt': text({ 5: 'of base' }) })
  const before = plainGit(b, 'status', '--porcelain')
  const { overlaps, unknown } = await data(root, 'radar')
  expect(unknown).toEqual([])
  expect(plainGit(b, 'status', '--porcelain')).toBe(before)
  expect(overlaps).toEqual([
    {
      tasks: [3],
      base: true,
      kind: 'CONFLICT (contents)',
      files: [{ path: 'other.txt', kind: 'CONFLICT (contents)' }],
      hunks: [{ path: 'other.txt', ours: { line: 5, lines: 1 }, theirs: { line: 5, lines: 1 } }],
    },
    {
      tasks: [1, 2],
      base: false,
      kind: 'CONFLICT (contents)',
      files: [
        { path: 'code.txt', kind: 'CONFLICT (contents)' },
        { path: 'new.txt', kind: 'CONFLICT (contents)' },
      ],
      hunks: [
        { path: 'code.txt', ours: { line: 10, lines: 1 }, theirs: { line: 11, lines: 1 } },
        { path: 'code.txt', ours: { line: 20, lines: 1 }, theirs: { line: 21, lines: 1 } },
        { path: 'new.txt', ours: { line: 1, lines: 1 }, theirs: { line: 1, lines: 1 } },
      ],
    },
  ])
  expect((await worklane(root, 'status')).out).toContain('Overlaps 1 between lanes, 1 with base')
  const said = (await worklane(root, 'radar')).out
  expect(said).toContain(
    '#1 First  against  #2 Second\n  code.txt  contents: line 10 ↔ line 11, line 20 ↔ line 21\n',
  )
  const { task, overlaps: ofThird } = await data(root, 'radar', '3')
  expect([task, ofThird.map(({ tasks }: { tasks: number[] }) => tasks)]).toEqual([3, [[3]]])
  expect((await worklane(root, 'radar', '3')).out).not.toMatch(/^│ +#[12] /m)
  // Both agents are told once, the second time not again; then that it is gone.
  const notes = async (id: number): Promise<string[]> =>
    (await data(root, 'task', 'show', String(id))).notes.map((note: { text: string }) => note.text)
  const [told = '', ...others] = await notes(2)
  expect(others).toEqual([])
  expect(told).toMatch(/^Task 1 \("First"\)/)
  expect(told).toContain('- code.txt: line 11 here, line 10 there; line 21 here, line 20 there\n')
  expect(await notes(1)).toHaveLength(1)
  expect(await notes(3)).toEqual([])
  rmSync(join(b, 'new.txt'))
  writeFileSync(join(b, 'code.txt'), text({ 2: 'of b' }))
  expect((await data(root, 'radar', '2')).overlaps).toEqual([])
  expect(await notes(1)).toEqual(['Task 2 ("Second") is no longer in the way.'])
  const types = (await worklane(root, 'events', '--json')).out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).type)
  expect(types.filter((type) => type.startsWith('overlap.'))).toEqual([
    'overlap.found',
    'overlap.found',
    'overlap.gone',
  ])
})

test('an engine sees a write, tells the agent at work, and answers for itself', async () => {
  using repository = makeRepository({ 'code.txt': text(), 'worklane.yaml': 'agents: { parallel: 2 }\n' })
  const { root } = repository
  const a = await claimed(root, 'First')
  const b = await claimed(root, 'Second')
  const engine = background(root, 'up', '--jobs', '0')
  try {
    await until('the engine has looked', async () => (await data(root, 'radar')).by === 'engine')
    writeFileSync(join(a, 'code.txt'), text({ 3: 'of a' }))
    mkdirSync(join(b, 'deep', 'down'), { recursive: true })
    await until('the new directories are watched', async () => (await data(root, 'radar')).by === 'engine')
    writeFileSync(join(b, 'code.txt'), text({ 3: 'of b' }))
    await until('it is seen', async () => (await data(root, 'radar')).overlaps.length === 1)
    writeFileSync(join(a, 'deep'), 'a file where the other has a directory\n')
    appendFileSync(join(b, 'deep', 'down', 'untracked.txt'), 'u\n')
    await until('the untracked file is seen', async () =>
      (await data(root, 'radar')).overlaps[0].kind.includes('file/directory'),
    )
    writeFileSync(join(b, 'code.txt'), text())
    rmSync(join(b, 'deep'), { recursive: true })
    await until('it is gone', async () => (await data(root, 'radar')).overlaps.length === 0)
  } finally {
    engine.kill('SIGTERM')
    await until('the engine has ended', () => engine.exitCode !== null || engine.signalCode !== null)
  }
  expect(readFileSync(join(a, 'code.txt'), 'utf8')).toContain('of a')
})
