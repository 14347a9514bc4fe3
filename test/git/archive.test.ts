import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readManifest, readSummary, writeManifest } from '../../src/host/archive/manifest-file.ts'
import { purgeArchive } from '../../src/host/archive/purge.ts'
import { restoreArchive } from '../../src/host/archive/restore.ts'
import { everyObject, files, portrait } from '../fixtures/lane-states/portrait.ts'
import { plainGit } from '../fixtures/repository.ts'
import { BRANCH, makeLane, type TestLane } from './archive/lane.ts'

const refsOf = (lane: TestLane): string[] =>
  lane.repository
    .git('for-each-ref', '--format=%(refname)', 'refs/worklane')
    .split('\n')
    .filter((line) => line !== '')
    .map((ref) => ref.replace('refs/worklane/archive/12/', ''))

describe('archiveLane', () => {
  test('a lane that nobody touched costs its git directory and two refs', async () => {
    using lane = await makeLane()
    const before = portrait(lane)
    const { manifest } = await lane.archive()
    expect(manifest.counts).toEqual({ pristine: 7, blob: 0, tar: 0 })
    expect(manifest.tars.map(({ name }) => name)).toEqual(['git.tar'])
    expect(manifest.entries.filter(({ area }) => area === 'files')).toEqual([])
    expect(refsOf(lane)).toEqual(['branch', 'fill', 'head'])
    expect(portrait(lane)).toEqual(before)
  })

  test('what only the archive has is readable by its owner alone', async () => {
    using lane = await makeLane()
    lane.write('.env', 'x\n')
    await lane.archive()
    const { directory } = lane.input
    expect(statSync(directory).mode & 0o777).toBe(0o700)
    for (const name of readdirSync(directory))
      expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600)
    expect(readdirSync(directory).sort()).toEqual(['files.tar', 'git.tar', 'manifest.json'])
  })

  test('no untracked or ignored byte reaches the object database', async () => {
    using lane = await makeLane()
    const secrets = {
      '.env': 'TOKEN=kept-ignored-5b1f',
      'secret.txt': 'left-out-ignored-77aa',
      'notes.txt': 'untracked-91c3',
      'nested/inner.txt': 'nested-untracked-0d4e',
      'later.txt': 'intended-to-add-33fe',
    }
    for (const [path, text] of Object.entries(secrets)) lane.write(path, `${text}\n`)
    plainGit(lane.at('nested'), 'init', '-q')
    lane.git('add', '-N', 'later.txt')
    await lane.archive()
    await lane.verify()
    lane.remove()
    await lane.restore()
    const objects = everyObject(lane.repository)
    for (const text of Object.values(secrets)) expect(objects).not.toContain(text)
    expect(objects).toContain('export const a = 1')
    expect(readFileSync(lane.at('.env'), 'utf8')).toBe('TOKEN=kept-ignored-5b1f\n')
    expect(existsSync(lane.at('secret.txt'))).toBe(false)
  })

  test('tells what it left out', async () => {
    using lane = await makeLane()
    lane.write('node_modules/a/index.js', '12345')
    lane.write('node_modules/b.js', '12345')
    lane.write('src/x.log', '1')
    const { leftOut } = (await lane.archive()).manifest
    expect(leftOut.paths.toSorted()).toEqual(['node_modules', 'src/x.log'])
    expect(leftOut).toMatchObject({ total: 2, files: 3, bytes: 11, counted: true })
  })

  test('a glob keeps an ignored directory whole, or one file deep inside', async () => {
    using lane = await makeLane()
    lane.write('node_modules/a/.env', 'deep\n')
    lane.write('node_modules/a/other.js', 'x\n')
    lane.write('build.log/part/x', 'x\n')
    mkdirSync(lane.at('build.log/hollow'))
    const kept = ['node_modules/a/.env', 'node_modules/a', 'node_modules', 'build.log']
    const { manifest } = await lane.archive({ keepIgnored: ['.env', 'build.log/'] })
    expect(manifest.leftOut.paths).toEqual(['node_modules'])
    rmSync(lane.at('node_modules/a/other.js'))
    const before = files(lane.path)
    expect(kept.every((path) => existsSync(lane.at(path)))).toBe(true)
    lane.remove()
    await lane.restore()
    expect(files(lane.path)).toEqual(before)
  })

  test('what protected and named commits reach gets no ref of its own', async () => {
    using lane = await makeLane()
    lane.write('src/a.ts', 'one\n')
    lane.git('commit', '-qam', 'one')
    lane.write('src/a.ts', 'two\n')
    lane.git('commit', '-qam', 'two')
    await lane.archive()
    expect(refsOf(lane)).toEqual(['branch', 'fill', 'head', 'objects'])
    lane.git('reset', '-q', '--hard', 'HEAD~2')
    const { manifest } = await lane.archive()
    expect(refsOf(lane)).toEqual(['branch', 'fill', 'head', 'kept/1', 'objects'])
    expect(manifest.refs.map(({ ref }) => ref)).toContain('refs/worklane/archive/12/kept/1')
  })

  test('gives up on a lane that keeps changing, without a manifest', async () => {
    using lane = await makeLane()
    const writer = spawn('sh', ['-c', 'while echo x >> busy.txt; do :; done'], {
      cwd: lane.path,
      stdio: 'pipe',
    })
    try {
      while (!existsSync(lane.at('busy.txt'))) await new Promise(setImmediate)
      await expect(lane.archive()).rejects.toMatchObject({ name: 'Fault', retry: 'later' })
      expect(readdirSync(lane.input.directory)).toEqual([])
    } finally {
      writer.kill('SIGKILL')
      await once(writer, 'close')
    }
  })

  test.runIf(nobodyReaches(process.execPath))('an unreadable file is a fault that names it', async () => {
    using lane = await makeLane()
    lane.write('closed.txt', 'x\n')
    execFileSync('chown', ['-R', '65534', dirname(lane.repository.root)])
    chmodSync(lane.at('closed.txt'), 0)
    const script = `import { archiveLane } from ${JSON.stringify(new URL('../../src/host/archive/make.ts', import.meta.url).pathname)}
      const told = await archiveLane(${JSON.stringify(lane.input)}).catch((error) => error)
      console.log(told.name, told.retry, told.hint)`
    const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      uid: 65534,
      gid: 65534,
      encoding: 'utf8',
      env: { ...process.env, HOME: lane.repository.root },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    expect(said).toContain('Fault later')
    expect(said).toContain('closed.txt')
    expect(existsSync(join(lane.input.directory, 'manifest.json'))).toBe(false)
  })

  test('a lane that is a link, or gone, is not archived, and an archive of it survives the attempt', async () => {
    using lane = await makeLane()
    await lane.archive()
    rmSync(lane.path, { recursive: true })
    await expect(lane.archive()).rejects.toMatchObject({ retry: 'never' })
    symlinkSync(lane.repository.root, lane.path)
    await expect(lane.archive()).rejects.toMatchObject({ retry: 'never' })
    expect(await lane.verify()).toEqual([])
  })

  test('a repository of its own in place of the link is kept beside the files', async () => {
    using lane = await makeLane()
    rmSync(lane.at('.git'))
    lane.git('init', '-q')
    lane.git('commit', '-q', '--allow-empty', '-m', 'stray')
    const { manifest } = await lane.archive()
    expect(manifest.warnings).toHaveLength(1)
    expect(await lane.verify()).toEqual([])
    lane.remove()
    const { problems, notes } = await lane.restore()
    expect(problems).toEqual([])
    expect(notes).toHaveLength(1)
    expect(plainGit(lane.at('.git-of-the-archive'), 'log', '--format=%s')).toBe('stray')
  })

  test('a lane that was renamed out of the way first comes back where it was', async () => {
    using lane = await makeLane()
    lane.write('src/a.ts', 'changed\n')
    lane.write('new.txt', 'new\n')
    lane.git('worktree', 'add', '-q', '--detach', '.claude/inner')
    lane.tryGit('status')
    const before = portrait(lane)
    const aside = `${lane.path}-aside`
    renameSync(lane.path, aside)
    const { manifest } = await lane.archive({ path: aside, formerPath: lane.path })
    expect(manifest.counts.pristine).toBe(6)
    expect(await lane.verify()).toEqual([])
    execFileSync('rm', ['-rf', aside])
    lane.remove()
    expect((await lane.restore()).problems).toEqual([])
    expect(portrait(lane)).toEqual(before)
  })

  test('works in a repository with SHA-256 names', async () => {
    process.env.GIT_DEFAULT_HASH = 'sha256'
    try {
      using lane = await makeLane()
      lane.write('src/a.ts', 'changed\n')
      lane.git('add', '-A')
      lane.write('src/b.ts', 'unstaged\n')
      portrait(lane)
      const before = portrait(lane)
      const { manifest } = await lane.archive()
      expect(manifest.counts).toEqual({ pristine: 5, blob: 1, tar: 1 })
      expect(await lane.verify()).toEqual([])
      lane.remove()
      expect((await lane.restore()).problems).toEqual([])
      expect(portrait(lane)).toEqual(before)
    } finally {
      delete process.env.GIT_DEFAULT_HASH
    }
  })
})

describe('verifyArchive', () => {
  const damages: Record<string, (lane: TestLane) => void | Promise<void>> = {
    'no manifest': ({ input }) => rmSync(join(input.directory, 'manifest.json')),
    'a changed manifest': ({ input }) => {
      const path = join(input.directory, 'manifest.json')
      writeFileSync(path, readFileSync(path, 'utf8').replace('"deleted":[', '"deleted":[\n"src/a.ts"'))
    },
    'a missing tar': ({ input }) => rmSync(join(input.directory, 'files.tar')),
    'a longer tar': ({ input }) => appendFileSync(join(input.directory, 'git.tar'), 'x'),
    'a changed byte': ({ input }) => {
      const path = join(input.directory, 'files.tar')
      writeFileSync(path, readFileSync(path).fill('y', 1536, 1537))
    },
    'a missing ref': (lane) => {
      lane.repository.git('update-ref', '-d', 'refs/worklane/archive/12/head')
    },
    'a moved ref': (lane) => {
      lane.repository.git('update-ref', 'refs/worklane/archive/12/fill', 'HEAD')
    },
    'an entry that the tar does not hold': async ({ input }) => {
      const manifest = await readManifest(input.directory)
      const entries = manifest.entries.map((entry) =>
        entry.path === 'new.txt' ? { ...entry, path: 'old.txt' } : entry,
      )
      await writeManifest(input.directory, { ...manifest, entries })
    },
    'another mode': async ({ input }) => {
      const manifest = await readManifest(input.directory)
      const entries = manifest.entries.map((entry) =>
        entry.path === 'new.txt' ? { ...entry, mode: 0o600 } : entry,
      )
      await writeManifest(input.directory, { ...manifest, entries })
    },
    'other bytes': async ({ input }) => {
      const manifest = await readManifest(input.directory)
      const entries = manifest.entries.map((entry) =>
        entry.path === 'new.txt' ? { ...entry, sha256: '0'.repeat(64) } : entry,
      )
      await writeManifest(input.directory, { ...manifest, entries })
    },
  }

  test.for(Object.keys(damages))('finds %s', async (name) => {
    using lane = await makeLane()
    lane.write('new.txt', 'new\n')
    await lane.archive()
    expect(await lane.verify()).toEqual([])
    await damages[name]?.(lane)
    expect(await lane.verify()).not.toEqual([])
    expect(readdirSync(lane.input.directory).filter((file) => file.includes('scratch'))).toEqual([])
  })
})

describe('the manifest', () => {
  test('of an archive from before it had lines is read', async () => {
    using lane = await makeLane()
    lane.write('new.txt', 'new\n')
    await lane.archive()
    const file = join(lane.input.directory, 'manifest.json')
    writeFileSync(file, JSON.stringify(JSON.parse(readFileSync(file, 'utf8'))))
    expect(await lane.verify()).toEqual([])
    const { entries: _entries, deleted: _deleted, ...summary } = await readManifest(lane.input.directory)
    expect(await readSummary(lane.input.directory)).toEqual(summary)
  })

  test('may be longer than a string', async () => {
    using lane = await makeLane()
    lane.write('new.txt', 'new\n')
    const { manifest } = await lane.archive()
    const [entry] = manifest.entries.filter(({ path }) => path === 'new.txt')
    if (entry === undefined) throw new Error('not archived')
    const long = { ...entry, path: '\x01'.repeat(90_000) }
    await writeManifest(lane.input.directory, { ...manifest, entries: Array(1000).fill(long) })
    expect((await readManifest(lane.input.directory)).entries.length).toBe(1000)
  })
})

describe('a lane beyond what can be archived', () => {
  test.each<[string, (lane: TestLane) => void, Partial<TestLane['input']>]>([
    ['has more files than memory', (lane) => lane.write('a/b/new.txt', ''), { mostHeld: 5_000 }],
    ['has holes', (lane) => truncateSync(lane.at('src/a.ts'), 100_000_000_000), {}],
    [
      'is too deep for where it is unpacked',
      (lane) => lane.write(`${`${'d'.repeat(200)}/`.repeat(20)}new`, ''),
      {},
    ],
  ])('stands when it %s', async (_, prepare, more) => {
    using lane = await makeLane()
    prepare(lane)
    await expect(lane.archive(more)).rejects.toMatchObject({ retry: 'never' })
    expect(existsSync(join(lane.input.directory, 'manifest.json'))).toBe(false)
    // What it held is free again.
    using other = await makeLane()
    await other.archive()
  })
})

describe('restoreArchive', () => {
  test('leaves a branch that has moved on, and detaches HEAD where it was', async () => {
    using lane = await makeLane()
    lane.write('src/a.ts', 'mine\n')
    lane.git('commit', '-qam', 'mine')
    const mine = lane.git('rev-parse', 'HEAD')
    await lane.archive()
    lane.remove()
    lane.repository.git('branch', BRANCH, 'main')
    const { problems, notes } = await lane.restore()
    expect(problems).toEqual([])
    expect(notes.join()).toContain(BRANCH)
    expect(lane.git('rev-parse', 'HEAD')).toBe(mine)
    expect(lane.git('rev-parse', BRANCH)).toBe(lane.git('rev-parse', 'main'))
    expect(lane.git('status', '--porcelain')).toBe('')
  })

  test('does not put two worktrees on one branch', async () => {
    using lane = await makeLane()
    await lane.archive()
    lane.remove()
    lane.repository.git('switch', '-q', '-c', BRANCH)
    const { notes } = await lane.restore()
    expect(notes.join()).toContain('another worktree')
    expect(() => lane.git('symbolic-ref', '-q', 'HEAD')).toThrow()
  })

  test('can put the lane on another branch', async () => {
    using lane = await makeLane()
    lane.write('src/a.ts', 'mine\n')
    lane.git('commit', '-qam', 'mine')
    await lane.archive()
    lane.remove()
    lane.repository.git('branch', BRANCH, 'main')
    expect((await lane.restore('task-7-login-2')).notes).toEqual([])
    expect(lane.git('symbolic-ref', '--short', 'HEAD')).toBe('task-7-login-2')
    expect(lane.git('log', '-1', '--format=%s')).toBe('mine')
  })

  test('bytes do not depend on settings that changed meanwhile', async () => {
    using lane = await makeLane((repository) => {
      repository.commit('attributes', { '.gitattributes': '*.bat text eol=crlf\n', 'win.bat': 'echo\n' })
    })
    lane.write('src/b.ts', 'export const b = "staged"\n')
    lane.git('add', '-A')
    lane.write('.gitattributes', '* -text\n')
    const before = files(lane.path)
    await lane.archive()
    lane.remove()
    lane.repository.git('config', 'core.autocrlf', 'true')
    writeFileSync(join(lane.repository.gitDir, 'info/attributes'), '* text eol=crlf ident\n')
    expect((await lane.restore()).problems).toEqual([])
    expect(files(lane.path)).toEqual(before)
  })

  test('a restored lane can be archived and restored again', async () => {
    using lane = await makeLane()
    lane.write('src/a.ts', 'mine\n')
    lane.write('new.txt', 'new\n')
    portrait(lane)
    const before = portrait(lane)
    for (const _ of ['once', 'twice']) {
      await lane.archive()
      expect(await lane.verify()).toEqual([])
      lane.remove()
      expect((await lane.restore()).problems).toEqual([])
      expect(portrait(lane)).toEqual(before)
    }
  })

  test('refuses a directory with anything in it, and a damaged tar', async () => {
    using lane = await makeLane()
    lane.write('new.txt', 'new\n')
    await lane.archive()
    await expect(restoreArchive(lane.input)).rejects.toMatchObject({ retry: 'never' })
    expect(readFileSync(lane.at('new.txt'), 'utf8')).toBe('new\n')
    lane.remove()
    appendFileSync(join(lane.input.directory, 'files.tar'), 'x')
    await expect(lane.restore()).rejects.toMatchObject({ retry: 'never' })
  })
})

describe('purgeArchive', () => {
  test('leaves nothing, and can be called again', async () => {
    using lane = await makeLane()
    lane.write('new.txt', 'new\n')
    lane.git('add', '-A')
    await lane.archive()
    await purgeArchive(lane.input)
    await purgeArchive(lane.input)
    expect(refsOf(lane)).toEqual([])
    expect(existsSync(lane.input.directory)).toBe(false)
    expect(existsSync(lane.at('new.txt'))).toBe(true)
  })
})

/** Root reads everything, so the test needs another user, who must be able to reach this checkout. */
function nobodyReaches(program: string): boolean {
  try {
    const module = new URL('../../src/host/archive/make.ts', import.meta.url).pathname
    const script = `require('node:fs').accessSync(${JSON.stringify(module)})`
    execFileSync(program, ['-e', script], { uid: 65534, gid: 65534, stdio: 'ignore', cwd: '/' })
    return process.getuid?.() === 0
  } catch {
    return false
  }
}
