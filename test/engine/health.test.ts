import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { laneBranches } from '../../src/engine/health/branches.ts'
import { judgeRoom } from '../../src/engine/health/machine.ts'
import { type ArchiveSight, mayBeDue, planRetention } from '../../src/engine/lanes/plan-retention.ts'
import { data, worklane } from '../fixtures/cli.ts'
import { makeRepository, type TestRepository, temporaryDirectory } from '../fixtures/repository.ts'

interface Finding {
  readonly code: string
  readonly what: string
  readonly fix: string
  readonly unfixed?: string
}

/** A repository with `count` claimed tasks; answers their lanes. */
async function withLanes(repository: TestRepository, count: number): Promise<string[]> {
  const lanes: string[] = []
  for (let n = 1; n <= count; n += 1) {
    await data(repository.root, 'task', 'add', `t${n}`)
    lanes.push((await data(repository.root, 'claim', String(n), '--as', 'ann')).lane.path)
  }
  return lanes
}

const findings = async (root: string, ...args: string[]): Promise<Finding[]> =>
  (await data(root, 'doctor', ...args)).findings
const codes = (found: readonly Finding[]): string[] => found.map(({ code }) => code).sort()
const sh = (cwd: string, command: string): unknown =>
  execFileSync('sh', ['-ec', command], { cwd, stdio: 'pipe' })

describe('lanes and worktrees', () => {
  it('tells each break with a fix that mends it', async () => {
    using repository = makeRepository()
    const { root, gitDir, git } = repository
    const [moved = '', unlinked = '', , locked = ''] = await withLanes(repository, 4)
    renameSync(moved, `${moved} elsewhere`)
    rmSync(join(unlinked, '.git'))
    writeFileSync(join(gitDir, 'worktrees/task-3/gitdir'), '/nowhere/.git\n')
    git('worktree', 'lock', '--reason', 'mine', locked)
    const broken = await findings(root)
    expect(codes(broken)).toEqual(['lane-detached', 'lane-locked', 'lane-moved', 'lane-unlinked'])
    expect(broken.find(({ code }) => code === 'lane-locked')?.what).toContain('mine')
    // The others are inside of git's entries, which status has no time to read.
    expect((await data(root, 'status')).findings).toBe(1)
    expect((await worklane(root, 'status')).out).toContain('1 finding; see: worklane doctor')
    expect((await worklane(root, 'doctor')).code).toBe(1)
    for (const { fix } of broken) sh(root, fix.split(';')[0] ?? '')
    const mended = await worklane(root, 'doctor')
    expect([mended.code, mended.out]).toEqual([
      0,
      expect.stringMatching(/^Everything.* is as it should be\.$/m),
    ])
    expect((await data(root, 'status')).findings).toBe(0)
  })

  it('finds its way back when git has lost the entry of a lane', async () => {
    using repository = makeRepository()
    const { root, gitDir } = repository
    const [lane = ''] = await withLanes(repository, 1)
    writeFileSync(join(lane, 'draft'), 'draft\n')
    rmSync(join(gitDir, 'worktrees/task-1'), { recursive: true })
    const [broken] = await findings(root)
    expect(broken?.code).toBe('lane-detached')
    const [, move = '', remove = ''] = /^(mv .*), then (worklane lane remove 1)/.exec(broken?.fix ?? '') ?? []
    sh(root, move)
    await data(root, ...remove.split(' ').slice(1))
    expect(codes(await findings(root))).toEqual(['directory-stray'])
  })

  it('names what lies among the lanes and is none, and leaves it alone', async () => {
    using repository = makeRepository()
    const { root, git } = repository
    await withLanes(repository, 1)
    git('worktree', 'add', '-q', '-b', 'hers', '.worktrees/hers')
    git('worktree', 'add', '-q', '--detach', '.worktrees/gone')
    rmSync(join(root, '.worktrees/gone'), { recursive: true })
    mkdirSync(join(root, '.worktrees/stray dir'))
    const found = await findings(root, '--fix')
    expect(codes(found)).toEqual(['directory-stray', 'worktree-foreign', 'worktree-orphaned'])
    expect(new Set(found.map(({ unfixed }) => unfixed))).toEqual(new Set(['only you can decide this']))
    sh(root, found.find(({ code }) => code === 'worktree-orphaned')?.fix ?? '')
    expect(git('branch', '--list', 'rescued-gone')).not.toBe('')
    expect(codes(await findings(root))).toEqual(['directory-stray', 'worktree-foreign'])
    expect((await worklane(root, 'doctor', '--fix')).out).toContain('Not fixed: only you can decide this')
  })

  it('passes over the trash, the fence and lanes that are being removed', async () => {
    using repository = makeRepository()
    const { root } = repository
    await withLanes(repository, 2)
    await data(root, 'lane', 'remove', '1')
    expect(await findings(root)).toEqual([])
  })
})

describe('git against the ledger', () => {
  it('finds stray branches and lanes on a branch that is gone', async () => {
    using repository = makeRepository()
    const { root, git } = repository
    await withLanes(repository, 2)
    await data(root, 'lane', 'remove', '2')
    git('branch', 'task/9-old')
    git('branch', 'task/2-t2-2')
    git('branch', 'feature/9')
    git('update-ref', '-d', 'refs/heads/task/1-t1')
    const found = await findings(root)
    expect(codes(found)).toEqual(['branch-stray', 'branch-stray', 'lane-unborn'])
    for (const { code, fix } of found) if (code === 'branch-stray') sh(root, fix)
    expect(codes(await findings(root))).toEqual(['lane-unborn'])
  })

  it('finds borrowed objects that are gone, and goes on looking', async () => {
    using lender = makeRepository()
    const root = join(temporaryDirectory(), 'borrower')
    lender.git('clone', '-q', '--shared', lender.root, root)
    expect(codes(await findings(root))).toEqual([])
    renameSync(lender.gitDir, `${lender.gitDir}.away`)
    expect(codes(await findings(root))).toContain('alternates-broken')
    rmSync(join(root, '..'), { recursive: true })
  })
})

describe('archives', () => {
  it('sees what is missing at once, and changed bytes when asked to look at all', async () => {
    using repository = makeRepository()
    const { root, git } = repository
    const lanes = await withLanes(repository, 3)
    for (const lane of lanes) writeFileSync(join(lane, 'draft'), 'draft\n')
    for (const id of ['1', '2', '3']) await data(root, 'lane', 'remove', id)
    expect(await findings(root, '--archives')).toEqual([])
    const at = async (id: string) => (await data(root, 'archive', 'show', id)).directory as string
    truncateSync(join(await at('1'), 'files.tar'), 100)
    git('update-ref', '-d', 'refs/worklane/archive/2-2-0/head')
    const third = join(await at('3'), 'files.tar')
    execFileSync('sh', ['-c', 'printf X | dd of="$0" bs=1 seek=600 conv=notrunc', third], { stdio: 'ignore' })
    mkdirSync(join(await at('1'), '../77-77-0'))
    const quick = await findings(root)
    expect(codes(quick)).toEqual(['archive-damaged', 'archive-damaged', 'archive-unknown'])
    expect(quick.map(({ what }) => what).join()).toMatch(/Archive 1 .*files\.tar.*Archive 2 .*2-2-0\/head/)
    expect(codes(await findings(root, '--archives'))).toEqual([
      'archive-damaged',
      'archive-damaged',
      'archive-damaged',
      'archive-unknown',
    ])
  })
})

describe('the machine', () => {
  it('has room, or says what it lacks', () => {
    const room = { memory: 2 ** 33, descriptors: 4096, filesLeft: 1e6 }
    expect(judgeRoom(room)).toEqual([])
    expect(judgeRoom({ ...room, descriptors: null, filesLeft: null })).toEqual([])
    expect(judgeRoom({ memory: 1e6, descriptors: 64, filesLeft: 3 }).map(({ code }) => code)).toEqual([
      'low-memory',
      'low-descriptors',
      'low-descriptors',
    ])
  })
})

describe('laneBranches', () => {
  it.each([
    ['task/{id}-{slug}', 'task/7-oauth-login', true],
    ['task/{id}-{slug}', 'task-7-oauth-login', true],
    ['task/{id}-{slug}', 'task/7-oauth-login-2', true],
    ['task/{id}-{slug}', 'task/oauth', false],
    ['task/{id}-{slug}', 'my/task/7-x', false],
    ['w.{id}', 'w.3', true],
    ['w.{id}', 'wx3', false],
  ])('%s and %s: %s', (template, branch, is) => expect(laneBranches(template).test(branch)).toBe(is))
})

describe('planRetention', () => {
  const DAY = 24 * 60 * 60_000
  const rules = { now: 100 * DAY, keepFor: 30 * DAY, atMost: 100 }
  const archive = (id: number, age: number, change: Partial<ArchiveSight> = {}): ArchiveSight => ({
    id,
    taskId: id,
    createdAt: (100 - age) * DAY,
    bytes: 10,
    unlanded: null,
    inUse: false,
    ...change,
  })
  const goes = (archives: readonly ArchiveSight[], change = {}): number[] =>
    planRetention(archives, { ...rules, ...change }).map(({ archiveId }) => archiveId)

  it('purges what is too old, and no day sooner', () => {
    expect(goes([archive(1, 31), archive(2, 30), archive(3, 1)])).toEqual([1])
    expect(mayBeDue([archive(2, 30)], rules)).toBe(false)
  })

  it('purges the oldest until all together fit', () => {
    const archives = [archive(3, 1), archive(1, 20), archive(2, 10)]
    expect(goes(archives, { atMost: 30 })).toEqual([])
    expect(goes(archives, { atMost: 29 })).toEqual([1])
    expect(goes(archives, { atMost: 1 })).toEqual([1, 2, 3])
    expect(mayBeDue(archives, { ...rules, atMost: 29 })).toBe(true)
  })

  it('never touches unlanded work or what is in use, however old or large', () => {
    const kept = [archive(1, 99, { unlanded: 'its task is pending' }), archive(2, 99, { inUse: true })]
    expect(goes(kept, { atMost: 0 })).toEqual([])
    expect(goes([...kept, archive(3, 1)], { atMost: 25 })).toEqual([3])
  })
})
