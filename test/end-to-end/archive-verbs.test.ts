import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { contentOf, data, refused, worklane } from '../fixtures/cli.ts'
import { makeRepository, plainGit, type TestRepository } from '../fixtures/repository.ts'

/** A task whose lane has a commit and an untracked file, landed or not, and is removed. */
async function archived(root: string, subject: string, landed: boolean): Promise<number> {
  const { id } = await data(root, 'task', 'add', subject)
  const { lane, epoch } = await data(root, 'claim', String(id), '--as', 'ann')
  writeFileSync(join(lane.path, `${subject}.txt`), `${subject}\n`)
  plainGit(lane.path, 'add', '-A')
  plainGit(lane.path, 'commit', '-q', '-m', subject)
  if (landed) {
    await data(root, 'complete', String(id), '--epoch', String(epoch))
    await data(root, 'land')
  } else {
    writeFileSync(join(lane.path, 'draft 1.txt'), 'draft\n')
    await data(root, 'lane', 'remove', String(id))
  }
  return id
}

const archiveNames = ({ gitDir }: TestRepository): string[] =>
  readdirSync(join(gitDir, 'worklane/archive')).sort()
const archiveRefs = ({ git }: TestRepository): string => git('for-each-ref', 'refs/worklane/archive')
const idsIn = async (root: string): Promise<number[]> =>
  (await data(root, 'archive', 'list')).archives.map(({ id }: { id: number }) => id)

describe('archive list and show', () => {
  it('tells landed work from what is nowhere else', async () => {
    using repository = makeRepository()
    const { root } = repository
    expect((await worklane(root, 'archive', 'list')).out).toContain('No archives')
    await archived(root, 'one', true)
    await archived(root, 'two', false)
    const { archives, bytes } = await data(root, 'archive', 'list')
    expect(archives).toMatchObject([
      { id: 1, task: 1, subject: 'one', landed: true, unlanded: null },
      { id: 2, task: 2, landed: false, unlanded: 'its task is in progress' },
    ])
    expect(bytes).toBe(archives[0].bytes + archives[1].bytes)
    const { out } = await worklane(root, 'archive', 'list')
    expect(
      out.split('\n').filter((line) => /#1 .* landed .*one|#2 .*not landed.*two/.test(line)),
    ).toHaveLength(2)
  })

  it('counts commits that base has not as unlanded, though the task has landed', async () => {
    using repository = makeRepository()
    const { root, write } = repository
    write('worklane.yaml', 'landing: { style: squash }\n')
    await archived(root, 'one', true)
    const { archives } = await data(root, 'archive', 'list')
    expect(archives).toMatchObject([{ landed: false, unlanded: 'it holds commits that main has not' }])
    expect(await refused(root, 'archive', 'purge', '1')).toEqual(['unlanded-work', 1])
  })

  it('prints commands with which git and tar alone bring everything back', async () => {
    using repository = makeRepository()
    const { root, git } = repository
    await archived(root, 'one', false)
    const shown = await data(root, 'archive', 'show', '1')
    expect(shown).toMatchObject({ task: 1, problem: null, head: { branch: 'task/1-one' } })
    expect(shown.paths).toMatchObject([
      { path: 'draft 1.txt', type: 'file', size: 6, from: 'tar' },
      { path: 'one.txt', from: 'blob' },
    ])
    for (const { command } of shown.commands as { command: string }[])
      execFileSync('sh', ['-ec', command], { cwd: root, stdio: 'ignore' })
    expect(contentOf(root, 'rescued/files/draft 1.txt')).toBe('draft\n')
    expect(git('show', 'rescued:one.txt')).toBe('one')
    const { out } = await worklane(root, 'archive', 'show', '1')
    expect(out).toContain('draft 1.txt')
    expect(out).toContain('git branch rescued refs/worklane/archive/1-1-0/head')
  })

  it('says so of a damaged one', async () => {
    using repository = makeRepository()
    const { root } = repository
    await archived(root, 'one', false)
    const { directory } = await data(root, 'archive', 'show', '1')
    rmSync(join(directory, 'manifest.json'))
    expect((await data(root, 'archive', 'show', '1')).problem).toContain('cannot be read')
    expect((await worklane(root, 'archive', 'show', '1')).out).toContain('Damaged')
    expect(await refused(root, 'archive', 'show', '9')).toEqual(['no-archive', 1])
  })
})

describe('archive restore', () => {
  it('brings back the archive that was chosen, not the newest', async () => {
    using repository = makeRepository()
    const { root } = repository
    await archived(root, 'one', false)
    const { path } = await data(root, 'lane', 'restore', '1')
    writeFileSync(join(path, 'draft 1.txt'), 'later\n')
    expect(await refused(root, 'archive', 'restore', '1')).toEqual(['lane-exists', 1])
    await data(root, 'lane', 'remove', '1')
    expect(await idsIn(root)).toEqual([1, 2])
    const back = await data(root, 'archive', 'restore', '1')
    expect(contentOf(back.path, 'draft 1.txt')).toBe('draft\n')
    await data(root, 'lane', 'remove', '1')
    const newest = await data(root, 'archive', 'restore', '2')
    expect(contentOf(newest.path, 'draft 1.txt')).toBe('later\n')
  })
})

describe('archive purge', () => {
  it('refuses unlanded work until that is said, and then leaves nothing of it', async () => {
    using repository = makeRepository()
    const { root } = repository
    await archived(root, 'one', false)
    const before = archiveRefs(repository)
    expect(await refused(root, 'archive', 'purge', '1')).toEqual(['unlanded-work', 1])
    expect(await refused(root, 'archive', 'purge', '--older-than', '1ms')).toEqual(['unlanded-work', 1])
    expect(archiveRefs(repository)).toBe(before)
    expect((await data(root, 'archive', 'purge', '--all-landed')).purged).toEqual([])
    expect(await refused(root, 'archive', 'purge')).toEqual(['usage', 2])
    expect((await data(root, 'archive', 'purge', '1', '--lose-unlanded-work')).purged).toMatchObject([
      { id: 1 },
    ])
    expect([archiveNames(repository), archiveRefs(repository)]).toEqual([[], ''])
    expect(await refused(root, 'lane', 'restore', '1')).toEqual(['no-archive', 1])
    expect(await refused(root, 'archive', 'restore', '1')).toEqual(['archive-purged', 1])
    const events = (await worklane(root, 'events', '--json')).out.trim().split('\n')
    expect(JSON.parse(events.at(-1) ?? '')).toMatchObject({
      type: 'archive.purged',
      subject: 'archive/1',
      data: { task: 1, reason: 'asked for' },
    })
    expect((await data(root, 'doctor')).findings).toEqual([])
  })

  it('takes only what landed and is old enough', async () => {
    using repository = makeRepository()
    const { root } = repository
    await archived(root, 'one', true)
    await archived(root, 'two', false)
    expect((await data(root, 'archive', 'purge', '--all-landed', '--older-than', '1d')).purged).toEqual([])
    expect((await data(root, 'archive', 'purge', '--all-landed')).purged).toMatchObject([{ id: 1 }])
    expect(await idsIn(root)).toEqual([2])
  })
})

describe('retention', () => {
  it('purges landed work above the bounds, never unlanded work, and finishes what was interrupted', async () => {
    using repository = makeRepository()
    const { root, write, gitDir } = repository
    await archived(root, 'one', true)
    await archived(root, 'two', false)
    write('worklane.yaml', 'archive: { keepFor: 1ms }\n')
    const { findings } = await data(root, 'doctor')
    expect(findings).toMatchObject([{ code: 'archive', what: 'Purge archive 1 of task 1.' }])
    const [first = ''] = archiveNames(repository)
    cpSync(join(gitDir, 'worklane/archive', first), join(root, '../copy'), { recursive: true })
    expect((await data(root, 'doctor', '--fix')).findings).toEqual([])
    expect(await idsIn(root)).toEqual([2])
    // As if the purge had been interrupted before it deleted anything.
    cpSync(join(root, '../copy'), join(gitDir, 'worklane/archive', first), { recursive: true })
    expect((await data(root, 'doctor', '--fix')).fixed).toMatchObject([{ code: 'archive' }])
    expect(existsSync(join(gitDir, 'worklane/archive', first))).toBe(false)
    write('worklane.yaml', 'archive: { atMost: 1b }\n')
    await worklane(root, 'run', 'three', '--command', 'echo x > x')
    expect(await idsIn(root)).toContain(2)
  })
})
