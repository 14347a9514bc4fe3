import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { buildWalls, gitWalls, type MoreBinds } from '../../src/host/sandbox/walls.ts'
import { temporaryDirectory } from '../fixtures/repository.ts'
import { type WalledLane, walledLane } from '../fixtures/walled-lane.ts'

/** A place outside, and what a program is shown of it below HOME and /var/tmp. */
function outside({ walls }: WalledLane): { victim: string; more: MoreBinds } {
  const top = temporaryDirectory()
  onTestFinished(() => rmSync(top, { recursive: true }))
  const [victim, shown] = [join(top, 'victim'), join(top, 'shown')]
  for (const path of [victim, join(victim, 'src'), shown]) mkdirSync(path, { mode: 0o755 })
  writeFileSync(join(shown, 'file'), 'shown\n')
  const to = ['tool/LICENSE', 'src/project/file'].map((path) => join(walls.home, path))
  const readable = [...to, '/var/tmp/tool/file'].map((path) => ({ from: join(shown, 'file'), to: path }))
  return { victim, more: { readable } }
}

function inside({ walls }: WalledLane, script: string, more: MoreBinds): string {
  const [file = '', ...args] = walls.wrap(['/bin/sh', '-euc', script], more)
  const env = walls.environment({ PATH: process.env.PATH ?? '' })
  return execFileSync(file, args, { cwd: '/', env, encoding: 'utf8' })
}

const SEES = 'cat ~/tool/LICENSE ~/src/project/file /tmp/tool/file; cat ~/src.*/left 2> /dev/null || true'

test('a link that an earlier program left where something is mounted makes nothing outside', async () => {
  using lane = await walledLane()
  const { victim, more } = outside(lane)
  lane.inside(`mkdir ~/tool; ln -s /oldroot${victim}/file ~/tool/LICENSE
    ln -s /oldroot${victim}/src ~/src; ln -s ../oldroot${victim} /tmp/tool`)
  expect(inside(lane, SEES, more)).toBe('shown\n'.repeat(3))
  expect(readdirSync(victim, { recursive: true })).toEqual(['src'])
})

test('what stands where another kind of thing is to be shown is kept beside it', async () => {
  using lane = await walledLane()
  const { more } = outside(lane)
  lane.inside(
    'mkdir -p ~/tool/LICENSE/x; echo > /tmp/tool; mkdir ~/src.d; echo left > ~/src.d/left; echo > ~/src',
  )
  expect(inside(lane, SEES, more)).toBe(`${'shown\n'.repeat(3)}left\n`)
})

test('nothing is mounted through a link in the lane, and nothing there is moved away', async () => {
  using lane = await walledLane()
  const { victim, more } = outside(lane)
  lane.inside(`ln -s /oldroot${victim} link`)
  const readable = (more.readable ?? []).map((bind) => ({ ...bind, to: join(lane.path, 'link/file') }))
  expect(() => inside(lane, 'true', { readable })).toThrow('The walls cannot be built')
  expect(readdirSync(victim)).toEqual(['src'])
})

test('git that collects has nothing mounted within what the lane can write', async () => {
  using lane = await walledLane()
  const { git, path, repository, walls } = lane
  const { root, gitDir: commonDir } = repository
  const room = { uid: walls.uid, room: dirname(git), root, commonDir, lanes: dirname(path) }
  const words = gitWalls({ ...room, gitDirectory: git }).wrap(['true'])
  expect(words.filter((word) => word.startsWith(git))).toEqual([git, git])
  expect(words[words.indexOf(git) - 1]).toBe('--ro-bind')
})

test('looks keep nothing for each other, and nothing is mounted within what one of them can write', async () => {
  using lane = await walledLane()
  const { git, path, repository } = lane
  const around = {
    directory: path,
    root: repository.root,
    commonDir: repository.gitDir,
    lanes: dirname(path),
  }
  const walls = await buildWalls({
    ...{ ...around, room: join(dirname(git), 'reading'), uid: lane.walls.uid, gitDirectory: null },
    ...{
      readable: [path, git],
      writable: [],
      onlyReads: true,
      emptyHome: true,
      scratch: true,
      network: false,
    },
  })
  expect(walls.wrap(['true'])).not.toContain('--bind')
  const look = { ...lane, walls }
  expect(inside(look, 'echo left > /tmp/left; mkdir /tmp/d; cat /tmp/left', {})).toBe('left\n')
  expect(inside(look, 'ls -d /tmp/left /tmp/d || echo gone', {})).toBe('gone\n')
})
