import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { mountSmallDisk } from '../fixtures/full-disk/small-disk.ts'
import { type WalledLane, walledLane } from '../fixtures/walled-lane.ts'

const CONTENT = 'content\n'
const OID = createHash('sha256').update(CONTENT).digest('hex')
const AT = `lfs/objects/${OID.slice(0, 2)}/${OID.slice(2, 4)}`

/** Commits a pointer inside, and runs `script` where git-lfs would put its object. */
function commitPointer(lane: WalledLane, script: string, { oid = OID, size = CONTENT.length } = {}): void {
  const pointer = `version https://git-lfs.github.com/spec/v1\\noid sha256:${oid}\\nsize ${size}\\n`
  lane.inside(`printf '${pointer}' >large.bin; git add large.bin; git commit -qm Large
d=$(git rev-parse --git-dir)/lfs/objects/${oid.slice(0, 2)}/${oid.slice(2, 4)}; mkdir -p "$d"; cd "$d"; ${script}`)
}

function filesBelow(directory: string): string[] {
  if (!existsSync(directory)) return []
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name)
}

const WRITE = `echo content >${OID}`

test('an object that a new commit names comes along, and one that none names does not', async () => {
  using lane = await walledLane()
  commitPointer(lane, `${WRITE}; echo other >${'0'.repeat(64)}`)
  await lane.import()
  const { gitDir } = lane.repository
  expect(readFileSync(join(gitDir, AT, OID), 'utf8')).toBe(CONTENT)
  expect(filesBelow(join(gitDir, 'lfs'))).toEqual([OID])
})

test('hundreds of objects in a pack come along', async () => {
  using lane = await walledLane()
  lane.inside(`git config gc.auto 0; lfs=$(git rev-parse --git-dir)/lfs/objects
for n in $(seq 150); do
  oid=$(echo $n | sha256sum | cut -c-64); d=$lfs/$(echo $oid | cut -c-2)/$(echo $oid | cut -c3-4); mkdir -p $d; echo $n >$d/$oid
  printf 'version https://git-lfs.github.com/spec/v1\\noid sha256:%s\\nsize %s\\n' $oid $(wc -c <$d/$oid) >$n.bin
done; git add .; git commit -qm Many`)
  await lane.import()
  expect(filesBelow(join(lane.repository.gitDir, 'lfs'))).toHaveLength(150)
})

test('it goes where the settings of the repository say', async () => {
  using lane = await walledLane(undefined, undefined, ({ git }) => git('config', 'lfs.storage', 'elsewhere'))
  commitPointer(lane, WRITE)
  await lane.import()
  expect(filesBelow(join(lane.repository.gitDir, 'elsewhere'))).toEqual([OID])
})

test('a pointer whose object is not here is taken in', async () => {
  using lane = await walledLane()
  commitPointer(lane, 'true')
  await expect(lane.import()).resolves.toBeDefined()
})

test.each([
  ['the wrong content', `echo kontent >${OID}`],
  ['content of another size', `echo longer than that >${OID}`],
  ['a directory', `mkdir ${OID}`],
])('%s in its place is refused, and nothing of it stays', async (_, script) => {
  using lane = await walledLane()
  commitPointer(lane, script)
  await expect(lane.import()).rejects.toThrow(/is not what its name/)
  expect(filesBelow(join(lane.repository.gitDir, 'lfs'))).toEqual([])
  expect(lane.repository.git('for-each-ref', 'refs/worklane')).toBe('')
})

test.each([
  ['a link', 'ln -s /etc/passwd'],
  ['a FIFO', 'mkfifo'],
])('%s in its place is neither followed nor waited for', async (_, make) => {
  using lane = await walledLane()
  commitPointer(lane, 'true')
  const collected = await lane.collect()
  // By a program that runs still: before, it would not even be collected.
  lane.inside(`cd "$(git rev-parse --git-dir)/${AT}"; ${make} ${OID}`)
  await expect(lane.takeIn(collected, 1)).rejects.toThrow(/is not what its name/)
  expect(filesBelow(join(lane.repository.gitDir, 'lfs'))).toEqual([])
})

test('more than the disk of a lane may take is refused before any of it is read', async () => {
  using lane = await walledLane()
  const size = 10 ** 11
  commitPointer(lane, `truncate -s ${size} ${OID}`, { size })
  await expect(lane.import()).rejects.toThrow(/LFS objects have more than the 5 MB/)
})

test('a full disk is no fault of the lane: once there is room, all of it is taken in', async ({ skip }) => {
  using disk = mountSmallDisk(40_000_000)
  if (disk === null) return skip('nothing can be mounted here')
  using lane = await walledLane(undefined, disk.directory)
  const oid = createHash('sha256').update(Buffer.alloc(4_000_000)).digest('hex')
  commitPointer(lane, `head -c 4000000 /dev/zero >${oid}`, { oid, size: 4_000_000 })
  const collected = await lane.collect()
  disk.leaveBytes(2_000_000)
  await expect(lane.takeIn(collected, 1)).rejects.toMatchObject({ code: 'disk-full', retry: 'later' })
  disk.makeRoom()
  await lane.takeIn(collected, 1)
  expect(filesBelow(join(lane.repository.gitDir, 'lfs'))).toEqual([oid])
})
