import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import {
  prepareVerifyCheckout,
  trackedChanges,
  type VerifyCheckout,
} from '../../src/host/git/verify-checkout.ts'
import { makeRepository, plainGit, type TestRepository } from '../fixtures/repository.ts'

function checkoutOf(repository: TestRepository, revision = 'HEAD'): VerifyCheckout {
  return {
    commonDir: repository.gitDir,
    directory: join(repository.root, '..', 'verify'),
    commit: repository.git('rev-parse', revision),
  }
}

function put({ directory }: VerifyCheckout, path: string, content: string): void {
  mkdirSync(dirname(join(directory, path)), { recursive: true })
  writeFileSync(join(directory, path), content)
}

/** As the project's own scripts see it. */
function status({ directory }: VerifyCheckout, ...options: string[]): string {
  return plainGit(directory, 'status', '--porcelain', ...options)
}

test('exactly the commit, with a git of its own that is no worktree of the repository', async () => {
  using repository = makeRepository({ a: '1\n', 'd/ü': '2\n' })
  const checkout = checkoutOf(repository)
  expect(await prepareVerifyCheckout(checkout)).toEqual({ fresh: true, previous: null })
  expect(readFileSync(join(checkout.directory, 'd/ü'), 'utf8')).toBe('2\n')
  expect(status(checkout, '--ignored')).toBe('')
  expect(plainGit(checkout.directory, 'rev-parse', 'HEAD')).toBe(checkout.commit)
  expect(plainGit(checkout.directory, 'rev-parse', '--show-toplevel')).toBe(checkout.directory)
  expect(plainGit(checkout.directory, 'remote')).toBe('')
  expect(repository.git('worktree', 'list').split('\n')).toHaveLength(1)
  expect(await trackedChanges(checkout)).toEqual([])
})

test('from commit to commit ignored files stay and everything else goes', async () => {
  using repository = makeRepository({ a: '1\n', old: 'x\n', '.gitignore': 'node_modules/\n*.log\n' })
  const first = checkoutOf(repository)
  await prepareVerifyCheckout(first)
  for (const path of ['node_modules/m/index.js', 'x.log', 'untracked', 'new/untracked'])
    put(first, path, 'mine\n')
  put(first, 'a', 'changed by a test\n')
  rmSync(join(first.directory, '.gitignore'))
  mkdirSync(join(first.directory, 'nested'))
  plainGit(join(first.directory, 'nested'), 'init', '-q')
  plainGit(first.directory, 'commit', '-q', '-a', '-m', 'a script that commits')
  rmSync(join(repository.root, 'old'))
  repository.commit('second', { 'new/a': '2\n' })
  const second = checkoutOf(repository)
  expect(await prepareVerifyCheckout(second)).toEqual({ fresh: false, previous: first.commit })
  expect(status(second, '--ignored')).toBe('!! node_modules/\n!! x.log')
  expect(plainGit(second.directory, 'ls-files')).toBe('.gitignore\na\nnew/a')
  expect(existsSync(join(second.directory, 'nested'))).toBe(false)
  expect(await trackedChanges(second)).toEqual([])
})

test('ignored files give way to tracked ones, a file to a directory and a directory to a file', async () => {
  using repository = makeRepository({ '.gitignore': 'out\n', f: 'file\n', 'd/x': 'x\n' })
  const first = checkoutOf(repository)
  await prepareVerifyCheckout(first)
  put(first, 'out/deep/file', 'ignored\n')
  put(first, 'd/untracked', 'u\n')
  repository.git('rm', '-q', '-r', 'f', 'd')
  repository.write('out', 'now tracked\n')
  repository.write('f/x', 'x\n')
  repository.write('d', 'd\n')
  repository.git('add', '-f', '-A')
  repository.git('add', '-f', 'out')
  repository.git('commit', '-q', '-m', 'swapped')
  const second = checkoutOf(repository)
  expect(await prepareVerifyCheckout(second)).toMatchObject({ fresh: false })
  expect(readFileSync(join(second.directory, 'out'), 'utf8')).toBe('now tracked\n')
  expect(status(second, '--ignored')).toBe('')
})

test('a run that changes tracked files is found out, whatever it does to hide it', async () => {
  using repository = makeRepository({ a: '1\n', b: '1\n', gone: '1\n', same: '1\n' })
  const checkout = checkoutOf(repository)
  await prepareVerifyCheckout(checkout)
  put(checkout, 'untracked', 'does not count\n')
  put(checkout, 'same', '1\n')
  expect(await trackedChanges(checkout)).toEqual([])
  put(checkout, 'a', '2\n')
  utimesSync(join(checkout.directory, 'a'), 0, 0)
  put(checkout, 'b', '2\n')
  plainGit(checkout.directory, 'commit', '-q', '-m', 'hidden', 'b')
  plainGit(checkout.directory, 'update-index', '--assume-unchanged', 'a')
  rmSync(join(checkout.directory, 'gone'))
  expect(await trackedChanges(checkout)).toEqual(['a', 'b', 'gone'])
  expect(await prepareVerifyCheckout(checkout)).toMatchObject({ fresh: false })
  expect(await trackedChanges(checkout)).toEqual([])
  rmSync(checkout.directory, { recursive: true })
  expect(await trackedChanges(checkout)).toEqual(['.'])
})

test('nothing that a run leaves in .git is run or followed', async () => {
  using repository = makeRepository({ a: '1\n', '.gitattributes': 'a filter=evil\n' })
  const checkout = checkoutOf(repository)
  await prepareVerifyCheckout(checkout)
  const proof = join(repository.root, '..', 'proof')
  const dotGit = join(checkout.directory, '.git')
  for (const key of ['core.fsmonitor', 'filter.evil.clean', 'filter.evil.smudge', 'diff.external'])
    plainGit(checkout.directory, 'config', key, `touch ${proof}; cat`)
  mkdirSync(join(dotGit, 'hooks'))
  writeFileSync(join(dotGit, 'hooks/post-checkout'), `#!/bin/sh\ntouch ${proof}\n`, { mode: 0o755 })
  repository.commit('second', { a: '2\n' })
  const second = checkoutOf(repository)
  await prepareVerifyCheckout(second)
  expect(await trackedChanges(second)).toEqual([])
  rmSync(dotGit, { recursive: true })
  symlinkSync(repository.gitDir, dotGit)
  await prepareVerifyCheckout(second)
  expect(repository.git('status', '--porcelain')).toBe('')
  expect(existsSync(join(repository.gitDir, 'HEAD'))).toBe(true)
  expect(existsSync(proof)).toBe(false)
})

test('whatever a crash leaves is put in order, or made again', async () => {
  using repository = makeRepository({ a: '1\n', '.gitignore': 'kept\n' })
  const checkout = checkoutOf(repository)
  const own = `${checkout.directory}.git`
  const expectOrder = async (fresh: boolean): Promise<void> => {
    expect(await prepareVerifyCheckout(checkout)).toMatchObject({ fresh })
    expect(status(checkout)).toBe('')
    expect(existsSync(join(checkout.directory, 'kept'))).toBe(!fresh)
    put(checkout, 'kept', 'kept\n')
  }
  await expectOrder(true)
  // Killed in the middle of a checkout: a lock, half of the files, no .git yet.
  writeFileSync(join(own, 'index.lock'), 'half')
  writeFileSync(join(own, 'HEAD.lock'), '')
  rmSync(join(checkout.directory, 'a'))
  rmSync(join(checkout.directory, '.git'), { recursive: true })
  await expectOrder(false)
  writeFileSync(join(own, 'index'), 'garbage')
  await expectOrder(true)
  writeFileSync(join(own, 'HEAD'), '')
  await expectOrder(true)
  rmSync(own, { recursive: true })
  await expectOrder(true)
  rmSync(checkout.directory, { recursive: true })
  await expectOrder(true)
  rmSync(checkout.directory, { recursive: true })
  symlinkSync(repository.root, checkout.directory)
  await expectOrder(true)
  expect(existsSync(join(repository.root, 'a'))).toBe(true)
})

test('killed while it works, it works the next time', async () => {
  const files = Object.fromEntries(Array.from({ length: 400 }, (_, at) => [`d${at % 7}/f${at}`, `${at}\n`]))
  using repository = makeRepository(files)
  const checkout = checkoutOf(repository)
  const own = `${checkout.directory}.git`
  const module = new URL('../../src/host/git/verify-checkout.ts', import.meta.url).href
  const script = `const m = await import(${JSON.stringify(module)}); await m.prepareVerifyCheckout(${JSON.stringify(checkout)})`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    detached: true,
    stdio: 'ignore',
  })
  while (!existsSync(join(own, 'index.lock')) && child.exitCode === null) await new Promise(setImmediate)
  if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
  await new Promise((resolve) =>
    child.exitCode === null && child.signalCode === null ? child.once('exit', resolve) : resolve(0),
  )
  const wasDone = readFileSync(join(own, 'HEAD'), 'utf8') === `${checkout.commit}\n`
  expect(await prepareVerifyCheckout(checkout)).toMatchObject({ fresh: !wasDone })
  expect(status(checkout, '--ignored')).toBe('')
  expect(await trackedChanges(checkout)).toEqual([])
})

test('a shallow repository, an unknown commit, and files that never come back the same', async () => {
  using repository = makeRepository({ a: '1\n' })
  repository.commit('second', { a: '2\n' })
  const shallow = join(repository.root, '..', 'shallow')
  execFileSync('git', ['clone', '-q', '--depth=1', `file://${repository.root}`, shallow])
  // Committed with CRLF, and then told to be text: modified as soon as it is checked out.
  writeFileSync(join(shallow, 'crlf'), 'x\r\n')
  plainGit(shallow, 'add', '-A')
  plainGit(shallow, 'commit', '-q', '-m', 'crlf')
  writeFileSync(join(shallow, '.gitattributes'), '* text=auto\n')
  plainGit(shallow, 'add', '.gitattributes')
  plainGit(shallow, 'commit', '-q', '-m', 'attributes')
  const checkout = {
    commonDir: join(shallow, '.git'),
    directory: join(repository.root, '..', 'verify'),
    commit: plainGit(shallow, 'rev-parse', 'HEAD'),
  }
  await prepareVerifyCheckout(checkout)
  expect(plainGit(checkout.directory, 'rev-list', '--count', 'HEAD')).toBe('3')
  expect(await trackedChanges(checkout)).toEqual([])
  put(checkout, 'a', 'changed\n')
  expect(await trackedChanges(checkout)).toEqual(['a'])
  const unknown = { ...checkout, commit: '1'.repeat(40) }
  await expect(prepareVerifyCheckout(unknown)).rejects.toMatchObject({ retry: 'never' })
})

test('a repository of sha256 objects', async () => {
  using repository = makeRepository()
  const root = join(repository.root, '..', 'sha256')
  execFileSync('git', ['init', '-q', '--object-format=sha256', root])
  writeFileSync(join(root, 'a'), '1\n')
  plainGit(root, 'add', '-A')
  plainGit(root, 'commit', '-q', '-m', 'first')
  const commit = plainGit(root, 'rev-parse', 'HEAD')
  const checkout = { commonDir: join(root, '.git'), directory: join(root, '..', 'verify'), commit }
  expect(await prepareVerifyCheckout(checkout)).toMatchObject({ fresh: true })
  expect(await prepareVerifyCheckout(checkout)).toEqual({ fresh: false, previous: commit })
  expect(status(checkout)).toBe('')
})
