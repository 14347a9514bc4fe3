import { execFileSync } from 'node:child_process'
import { closeSync, constants, mkdirSync, openSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readPlainFile } from '../../src/host/files/plain-file.ts'
import { copyIndex } from '../../src/host/git/copy-index.ts'
import { commitLeft, diffEverything, uncommitted } from '../../src/host/git/lane-state.ts'
import { temporaryDirectory } from '../fixtures/repository.ts'

/** A lane's git directory, and walls in which every git does nothing and is content. */
function quietLane() {
  const top = temporaryDirectory()
  const gitDir = join(top, 'git')
  mkdirSync(gitDir)
  const said: string[] = []
  const wrap = (argv: readonly string[]): string[] => {
    said.push(argv.join(' '))
    return ['true']
  }
  const walls = { uid: null, home: '/', wrap, environment: (env: Readonly<Record<string, string>>) => env }
  return { top, gitDir, said, place: { gitDir, workTree: top, walls } }
}

/** A pipe that nobody writes to; who waits for it is let go in the end. */
function pipeAt(path: string): void {
  execFileSync('mkfifo', [path])
  onTestFinished(() => closeSync(openSync(path, constants.O_RDWR)))
}

test('a diff waits for nothing that a lane put into its git directory, and leaves nothing', async () => {
  const { top, gitDir, place } = quietLane()
  for (const name of ['index', 'commondir']) pipeAt(join(gitDir, name))
  const room = join(top, 'room')
  await expect(diffEverything(place, { from: 'HEAD', room })).resolves.toBe('')
  expect(readdirSync(room)).toEqual([])
})

test('an index that leads elsewhere, or is none, is not copied', async () => {
  const { top, gitDir } = quietLane()
  writeFileSync(join(top, 'secret'), 'secret')
  symlinkSync(join(top, 'secret'), join(gitDir, 'index'))
  await expect(copyIndex(join(gitDir, 'index'), join(top, 'copy'))).rejects.toThrow('is no index')
  expect(readdirSync(top)).not.toContain('copy')
})

test('a HEAD that leads elsewhere is not read', async () => {
  const { top, gitDir, said, place } = quietLane()
  writeFileSync(join(top, 'elsewhere'), 'ref: refs/heads/elsewhere\n')
  symlinkSync(join(top, 'elsewhere'), join(gitDir, 'HEAD'))
  await commitLeft(place, 'task/1-x', 'message', [])
  expect(said.join('\n')).toContain(' commit ')
  expect(said.join('\n')).not.toContain('update-ref')
})

test('a plain file is read up to a limit, and nothing else is', async () => {
  const { top } = quietLane()
  writeFileSync(join(top, 'file'), 'text')
  writeFileSync(join(top, 'empty'), '')
  pipeAt(join(top, 'pipe'))
  const read = async (name: string, most: number) =>
    (await readPlainFile(join(top, name), most))?.bytes.toString() ?? null
  expect(await read('file', 4)).toBe('text')
  expect(await read('empty', 4)).toBe('')
  expect(await read('file', 3)).toBeNull()
  for (const name of ['pipe', 'git', 'missing']) expect(await read(name, 4)).toBeNull()
})

test('a status that is longer than we can hold is a fault that says where the work is', async () => {
  const { place } = quietLane()
  const walls = { ...place.walls, wrap: () => ['head', '-c', '40000000', '/dev/zero'] }
  await expect(uncommitted({ ...place, walls })).rejects.toMatchObject({
    code: 'too-much',
    message: expect.stringContaining('not committed'),
  })
})
