import { execFileSync } from 'node:child_process'
import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { mountSmallDisk } from '../fixtures/full-disk/small-disk.ts'
import { TREE_BOMBS } from '../fixtures/hostile-imports/bombs.ts'
import type { Hostile } from '../fixtures/hostile-imports/plant.ts'
import { makeScene } from '../fixtures/hostile-imports/scene.ts'
import { CONFIGS } from '../fixtures/hostile-imports/settings.ts'
import { TREES } from '../fixtures/hostile-imports/trees.ts'
import { walledLane } from '../fixtures/walled-lane.ts'
import { randomNumbers } from '../proofs/proof.ts'

const called = (some: readonly Hostile[], kind: string): Hostile => {
  const found = some.find((one) => one.kind === kind)
  if (found === undefined) throw new Error(`no kind ${kind}`)
  return found
}

test('settings of the lane have no say when it is taken in, not even one that would hang git', async () => {
  using scene = await makeScene()
  for (const kind of ['include.path at a FIFO', 'core.attributesFile at a FIFO', 'core.fsmonitor']) {
    const played = await scene.play(called(CONFIGS, `settings: ${kind}`), randomNumbers(1))
    expect(played).toMatchObject({ ended: 'harmless', ranInside: false })
  }
  scene.check()
})

test('what git would unpack is refused by the gate, with what it found, and leaves nothing behind', async () => {
  using scene = await makeScene()
  const reasons = [
    [called(TREES, 'a link as .mailmap'), /link in place of \.mailmap/],
    [called(TREES, 'a name of more than 255 bytes'), /no file system takes/],
    [called(TREE_BOMBS, 'bomb: 2^30 files through shared directories'), /1,000,000 files/],
  ] as const
  for (const [hostile, why] of reasons) {
    const played = await scene.handOver(hostile, randomNumbers(2))
    expect(played.ended).toBe('refused')
    expect(played.why).toMatch(why)
  }
  await scene.honest()
  scene.check()
})

test('a directory that was let in cannot be hung below others until it is too deep', async () => {
  using lane = await walledLane()
  const deeper =
    'for n in $(seq 200); do tree=$(printf "40000 tree %s\\td\\n" $tree | sed s/^4/04/ | git mktree); done'
  lane.inside(
    `tree=$(git rev-parse HEAD^{tree}); ${deeper}; git update-ref HEAD $(git commit-tree -p HEAD -m one $tree)`,
  )
  await lane.import(1)
  lane.inside(
    `tree=$(git rev-parse HEAD^{tree}); ${deeper}; git update-ref HEAD $(git commit-tree -p HEAD -m two $tree)`,
  )
  await expect(lane.import(2)).rejects.toThrow(/too deep/)
})

test('what cannot even be collected is refused, and git that waits for it ends', async () => {
  using lane = await walledLane()
  lane.inside('head=$(git rev-parse --git-dir)/HEAD; rm "$head"; mkfifo "$head"')
  await expect(lane.takeIn(lane.collect(), 1)).rejects.toMatchObject({ code: 'import-refused' })
  expect(lane.repository.git('for-each-ref', 'refs/worklane')).toBe('')
})

test('a file that is too large is not even packed', async () => {
  using lane = await walledLane()
  lane.inside(`mkdir data; truncate -s 20M data/dump.bin; truncate -s 11M small.bin; git add .; git commit -qm Large
git rm -q --cached data/dump.bin small.bin; git commit -qm Without`)
  await expect(lane.import()).rejects.toThrow('"data/dump.bin" has 21 MB (sandbox.largestFile allows 10 MB)')
})

test('an object that is small to send and more than git may hold is refused, inside and outside', async () => {
  using lane = await walledLane()
  lane.inside(`message() { git cat-file commit HEAD; head -c 550M /dev/zero | tr '\\0' a; }
git update-ref HEAD $(message | git -c core.compression=1 hash-object -w -t commit --stdin)
echo HEAD | git -c pack.compression=1 pack-objects -q --revs --stdout >pack`)
  const reason = /git needs more than 542 MB of memory/
  await expect(lane.collect()).rejects.toThrow(reason)
  const head = lane.inside('git rev-parse HEAD').trim()
  const collected = { head, refs: new Map(), lost: [], pack: join(lane.path, 'pack') }
  await expect(lane.takeIn(collected, 1)).rejects.toThrow(reason)
})

test('an index that is no index, or a gigabyte of nothing, is made anew', async () => {
  using lane = await walledLane()
  lane.inside('echo new > new.txt; git add new.txt; git commit -qm New')
  const head = (await lane.import()).get('refs/worklane/1/1/head') ?? ''
  writeFileSync(join(lane.git, 'index'), '')
  truncateSync(join(lane.git, 'index'), 2 ** 31)
  expect(await lane.handBack(head)).toBe(true)
  expect(execFileSync('git', ['-C', lane.path, 'status', '--porcelain'], { encoding: 'utf8' })).toBe('')
})

test('a full disk is no fault of the lane: once there is room, it is taken in', async ({ skip }) => {
  using disk = mountSmallDisk(40_000_000)
  if (disk === null) return skip('nothing can be mounted here')
  using lane = await walledLane(undefined, disk.directory)
  lane.inside('head -c 3M /dev/urandom > large; git add large; git commit -qm Large')
  disk.leaveBytes(1_000_000)
  await expect(lane.collect()).rejects.toMatchObject({ code: 'disk-full', retry: 'later' })
  disk.makeRoom()
  const collected = await lane.collect()
  disk.leaveBytes(1_000_000)
  await expect(lane.takeIn(collected, 1)).rejects.toMatchObject({ code: 'disk-full', retry: 'later' })
  disk.makeRoom()
  await expect(lane.takeIn(collected, 1)).resolves.toBeDefined()
})
