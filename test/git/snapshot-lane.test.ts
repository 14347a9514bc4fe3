import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { GitPlace } from '../../src/host/git/git.ts'
import { openRadarStore, type RadarStore } from '../../src/host/git/radar-store.ts'
import { type Snapshot, snapshotLane } from '../../src/host/git/snapshot-lane.ts'
import { wallsMissing } from '../../src/host/sandbox/detect.ts'
import { buildWalls } from '../../src/host/sandbox/walls.ts'
import { makeRepository, plainGit, type TestRepository } from '../fixtures/repository.ts'
import { type WalledLane, walledLane } from '../fixtures/walled-lane.ts'

const FILES = { 'a.txt': 'one\ntwo\nthree\n', 'gone.txt': 'x\n', 'dir/b.txt': 'b\n', '.gitignore': '/out/\n' }

interface Bare extends Disposable {
  readonly repository: TestRepository
  readonly lane: string
  readonly store: RadarStore
  take(before?: Snapshot | null, largestFile?: number): Promise<Snapshot>
}

async function bareLane(): Promise<Bare> {
  const repository = makeRepository(FILES)
  const lane = join(repository.root, '..', 'lane')
  repository.git('worktree', 'add', '-q', '-b', 'task', lane)
  const commonDir = repository.gitDir
  const store = await openRadarStore(commonDir, join(commonDir, 'worklane', 'radar'))
  const place: GitPlace & { workTree: string } = {
    gitDir: join(commonDir, 'worktrees', 'lane'),
    workTree: lane,
  }
  const start = repository.git('rev-parse', 'HEAD')
  return {
    repository,
    lane,
    store,
    take: async (before = null, largestFile = 1000) =>
      await snapshotLane({
        ...{ store, place, commonDir, objects: join(commonDir, 'objects'), known: [start] },
        ...{ largestFile, before, ref: 'refs/worklane/radar/1', keep: '/nowhere' },
      }),
    [Symbol.dispose]: () => repository[Symbol.dispose](),
  }
}

const filesOf = (store: RadarStore, commit: string): string[] =>
  plainGit('/', '--git-dir', store.gitDir, 'ls-tree', '-r', '--name-only', commit).split('\n')
const contentOf = (store: RadarStore, commit: string, path: string): string =>
  plainGit('/', '--git-dir', store.gitDir, 'show', `${commit}:${path}`)

/** Committed, staged, dirty, deleted, untracked, ignored: one of each. */
function workIn(lane: string): void {
  writeFileSync(join(lane, 'committed.txt'), 'c\n')
  plainGit(lane, 'add', 'committed.txt')
  plainGit(lane, 'commit', '-qm', 'work')
  writeFileSync(join(lane, 'staged.txt'), 's\n')
  plainGit(lane, 'add', 'staged.txt')
  writeFileSync(join(lane, 'a.txt'), 'one\nTWO\nthree\n')
  rmSync(join(lane, 'gone.txt'))
  writeFileSync(join(lane, ':(glob) -odd name.txt'), 'u\n')
  mkdirSync(join(lane, 'out'))
  writeFileSync(join(lane, 'out', 'built'), 'i\n')
}

const ALL = ['.gitignore', ':(glob) -odd name.txt', 'a.txt', 'committed.txt', 'dir/b.txt', 'staged.txt']

describe('without walls', () => {
  it('holds everything that is not ignored, and touches nothing, while a git of the agent holds the lock', async () => {
    using bare = await bareLane()
    workIn(bare.lane)
    const index = join(bare.repository.gitDir, 'worktrees', 'lane', 'index')
    writeFileSync(`${index}.lock`, 'held')
    const state = () => [
      readFileSync(index, 'latin1'),
      statSync(index).mtimeMs,
      plainGit(bare.lane, 'rev-parse', 'HEAD'),
    ]
    const before = state()
    const objects = bare.repository.git('count-objects', '-v')
    const { commit, unseen, ignored } = await bare.take()
    expect(ignored).toEqual(['out/'])
    expect(filesOf(bare.store, commit)).toEqual(ALL)
    expect(contentOf(bare.store, commit, 'a.txt')).toBe('one\nTWO\nthree')
    expect(unseen).toEqual([])
    expect(state()).toEqual(before)
    expect(bare.repository.git('count-objects', '-v')).toBe(objects)
    expect(plainGit('/', '--git-dir', bare.store.gitDir, 'rev-parse', `${commit}^`)).toBe(before[2])
  })

  it('is the same again while nothing changes, and sees a change within the second of the last', async () => {
    using bare = await bareLane()
    writeFileSync(join(bare.lane, 'a.txt'), '1\n')
    const first = await bare.take()
    expect(await bare.take(first)).toEqual(first)
    for (const content of ['2\n', '3\n', '4\n']) {
      writeFileSync(join(bare.lane, 'a.txt'), content)
      const { commit } = await bare.take(first)
      expect(contentOf(bare.store, commit, 'a.txt')).toBe(content.trim())
    }
  })

  it('names what it does not hold', async () => {
    using bare = await bareLane()
    writeFileSync(join(bare.lane, 'large.bin'), 'x'.repeat(1001))
    mkdirSync(join(bare.lane, 'empty-repository'))
    plainGit(join(bare.lane, 'empty-repository'), 'init', '-q')
    writeFileSync(join(bare.lane, 'fine.txt'), 'f\n')
    const { commit, unseen } = await bare.take()
    expect(unseen).toEqual([
      { path: 'large.bin', why: 'large' },
      { path: 'empty-repository/', why: 'unreadable' },
    ])
    expect(filesOf(bare.store, commit)).toContain('fine.txt')
    expect(filesOf(bare.store, commit)).not.toContain('large.bin')
  })

  it('fails rather than to take half a lane for all of it', async () => {
    using bare = await bareLane()
    writeFileSync(join(bare.repository.gitDir, 'worktrees', 'lane', 'index'), 'broken')
    await expect(bare.take()).rejects.toThrow('No snapshot could be taken')
  })
})

/** The radar of a lane inside walls. */
async function walledRadar(lane: WalledLane) {
  const commonDir = lane.repository.gitDir
  const store = await openRadarStore(commonDir, join(commonDir, 'worklane', 'radar'))
  const room = join(commonDir, 'worklane', 'lanes', '1', 'reading')
  const walls = await buildWalls({
    ...{ directory: lane.path, room, uid: lane.walls.uid, root: lane.repository.root, commonDir },
    lanes: dirname(lane.path),
    ...{ gitDirectory: null, readable: [lane.path, lane.git], writable: [], onlyReads: true, network: false },
    ...{ emptyHome: true, scratch: true },
  })
  const take = async (before: Snapshot | null = null): Promise<Snapshot> =>
    await snapshotLane({
      ...{ store, place: { gitDir: lane.git, workTree: lane.path, walls }, commonDir },
      ...{ objects: join(lane.git, 'objects'), known: [lane.start], largestFile: 1000, before },
      ...{ ref: 'refs/worklane/radar/1', keep: join(room, 'radar') },
    })
  return { store, take, commonDir }
}

it('does not wait for a pipe in place of the index', async () => {
  using bare = await bareLane()
  workIn(bare.lane)
  const index = join(bare.repository.gitDir, 'worktrees', 'lane', 'index')
  rmSync(index)
  execFileSync('mkfifo', [index])
  expect(filesOf(bare.store, (await bare.take()).commit)).toEqual(ALL)
})

it('is taken by several at once, without walls and inside', { timeout: 120_000 }, async () => {
  using bare = await bareLane()
  using walled = (await wallsMissing()) === null ? await walledLane(FILES) : null
  // Git writes the index anew: what was kept of it before is of no use.
  const renew = ['update-index', '--force-write-index', '--refresh']
  const lanes = [{ take: bare.take, prepare: () => plainGit(bare.lane, ...renew) }]
  if (walled !== null)
    lanes.push({
      take: (await walledRadar(walled)).take,
      prepare: () => walled.inside(`git ${renew.join(' ')}`),
    })
  for (const { take, prepare } of lanes)
    for (let round = 0; round < 8; round += 1) {
      prepare()
      const taken = await Promise.all(Array.from({ length: 6 }, async () => await take()))
      expect(new Set(taken.map(({ commit }) => commit)).size).toBe(1)
    }
})

describe.skipIf((await wallsMissing()) !== null)('inside walls', () => {
  it('brings everything out, runs nothing of the lane outside, and lets no bad tree in', async () => {
    using lane = await walledLane(FILES)
    const { store, take, commonDir } = await walledRadar(lane)
    lane.inside(`git config user.name A; git config user.email a@b
      echo c > committed.txt; git add committed.txt; git commit -qm work
      echo s > staged.txt; git add staged.txt; printf 'one\\nTWO\\nthree\\n' > a.txt; rm gone.txt
      echo u > ':(glob) -odd name.txt'; mkdir out; echo i > out/built; touch .git-marker; rm .git-marker
      git config filter.evil.clean 'touch /tmp/ran-here; cat'; git config core.fsmonitor 'touch ${commonDir}/ran'
      echo '*.evil filter=evil' > .gitattributes; echo e > x.evil`)
    const first = await take()
    expect(filesOf(store, first.commit)).toEqual([...ALL, '.gitattributes', 'x.evil'].sort())
    expect(await take(first)).toEqual(first)
    expect(() => statSync(join(commonDir, 'ran'))).toThrow('ENOENT')
    expect(() => statSync('/tmp/ran-here')).toThrow('ENOENT')
    lane.inside('echo again >> a.txt')
    expect(contentOf(store, (await take(first)).commit, 'a.txt')).toContain('again')
    // A tree with a name that must not get out, as a commit of the lane's.
    lane.inside(`blob=$(echo x | git hash-object -w --stdin)
      tree=$(printf '100644 blob %s\\tCON:\\\\..\\\\x\\n' "$blob" | git mktree)
      bad=$(printf '040000 tree %s\\t.git\\n' "$tree" | git mktree)
      git update-ref HEAD $(git commit-tree -m x -p HEAD $bad)`)
    await expect(take(first)).rejects.toThrow('not taken in')
  })
})

it.skipIf(process.getuid?.() === 0)('names what cannot be read', async () => {
  using bare = await bareLane()
  writeFileSync(join(bare.lane, 'secret.txt'), 's\n')
  chmodSync(join(bare.lane, 'secret.txt'), 0)
  expect((await bare.take()).unseen).toEqual([{ path: 'secret.txt', why: 'unreadable' }])
})

it('needs what it runs', () => {
  for (const program of ['sed', 'find', 'xargs', 'cp'])
    execFileSync(program, ['--version'], { stdio: 'ignore' })
})
