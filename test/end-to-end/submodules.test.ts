import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { data, refused, worklane } from '../fixtures/cli.ts'
import { makeRepository, plainGit, type TestRepository } from '../fixtures/repository.ts'

/** A git that may use a remote which is a directory of somebody else's. */
const GIT = `export GIT_CONFIG_GLOBAL="$TMPDIR/gitconfig"
printf '[safe]\\ndirectory = *\\n[protocol "file"]\\nallow = always\\n[user]\\nname = a\\nemail = a@b.c\\n' > "$GIT_CONFIG_GLOBAL"
git submodule update -q --init`

/** A repository with the submodule `lib`, whose remote lanes may write to; lanes check it out. */
function withSubmodule(): TestRepository & { readonly remote: string } {
  const repository = makeRepository()
  const remote = join(repository.root, '../lib.git')
  execFileSync('git', ['clone', '-q', '--bare', repository.root, remote])
  execFileSync('chmod', ['-R', 'a+rwX', remote])
  repository.git('-c', 'protocol.file.allow=always', 'submodule', 'add', '-q', remote, 'lib')
  repository.commit('lib')
  writeFileSync(
    join(repository.root, 'worklane.yaml'),
    JSON.stringify({ sandbox: { write: [remote] }, agents: { attempts: 1 } }),
  )
  return { ...repository, remote }
}

let played = 0

/** What became of a task whose agent runs `script`. */
async function play({ root }: TestRepository, script: string): Promise<{ state: string; note: string }> {
  played += 1
  const task = { subject: `Work ${played}`, command: `set -e\n${script}` }
  writeFileSync(join(root, '../tasks.json'), JSON.stringify([task]))
  await worklane(root, 'run', '../tasks.json', '--json')
  const { tasks } = await data(root, 'task', 'list')
  const { id } = tasks.find(({ subject }: typeof task) => subject === task.subject)
  const { state, notes } = await data(root, 'task', 'show', String(id))
  return { state, note: notes.at(-1)?.text ?? '' }
}

const before = process.env.WORKLANE_SANDBOX
afterEach(() => {
  process.env.WORKLANE_SANDBOX = before
})

describe.each(['walls', 'none'])('with sandbox %s', (sandbox) => {
  it('what would not land is handed back, and main stays whole', async () => {
    process.env.WORKLANE_SANDBOX = sandbox
    using repository = withSubmodule()
    const tip = repository.git('rev-parse', 'main')
    const expectHandedBack = async (script: string, words: string): Promise<void> => {
      const { state, note } = await play(repository, script)
      expect([state, note]).toEqual(['failed', expect.stringContaining(words)])
      expect(repository.git('rev-parse', 'main')).toBe(tip)
    }
    const made =
      'mkdir app && cd app && git init -q && echo code > index.js && git add -A && git commit -qm made'
    await expectHandedBack(`${GIT}\n${made}`, '"app" is a git repository of its own')
    await expectHandedBack(`${GIT}\n${made} && cd .. && git add app && git commit -qm app`, '"app" is a git')
    await expectHandedBack(`${GIT}\ncd lib && git commit -q --allow-empty -m deep`, 'is only in this lane')
    const forged = 'git tag v1 && git update-ref refs/remotes/origin/main HEAD'
    await expectHandedBack(`${GIT}\ncd lib && git commit -q --allow-empty -m deep && ${forged}`, 'is only in')
    await expectHandedBack(`${GIT}\necho new > lib/new.txt`, '"lib" holds changes that are not committed')
    await expectHandedBack('echo 2 >> README.md; echo fix > lib/fix.txt', '"fix.txt" in it is no part')
  })

  it('a commit that the remote of the submodule has lands', async () => {
    process.env.WORKLANE_SANDBOX = sandbox
    using repository = withSubmodule()
    const script = 'cd lib && git checkout -q main && git commit -q --allow-empty -m deep && git push -q'
    expect(await play(repository, `${GIT}\n${script}`)).toMatchObject({ state: 'landed' })
    expect(repository.git('rev-parse', 'main:lib')).toBe(plainGit(repository.remote, 'rev-parse', 'main'))
    expect(await play(repository, `${GIT}\necho 2 >> README.md`)).toMatchObject({ state: 'landed' })
  })
})

/** Commits on the submodule's remote that lanes have nothing of: the newest, and the one before. */
function movedOn({ remote }: ReturnType<typeof withSubmodule>): string[] {
  const work = `${remote}.work`
  execFileSync('git', ['clone', '-q', remote, work])
  for (const message of ['one', 'two']) plainGit(work, 'commit', '-q', '--allow-empty', '-m', message)
  plainGit(work, 'push', '-q', 'origin', 'HEAD:main')
  return ['main', 'main~1'].map((name) => plainGit(remote, 'rev-parse', name))
}

const linkTo = (commit = ''): string =>
  `git update-index --cacheinfo 160000,${commit},lib; git commit -qm "to ${commit}"`

it('a commit that is no longer the newest of its remote lands', async () => {
  process.env.WORKLANE_SANDBOX = 'walls'
  using repository = withSubmodule()
  const [, before] = movedOn(repository)
  expect(await play(repository, linkTo(before))).toMatchObject({ state: 'landed' })
})

it('where the remote cannot be asked, what the main checkout has fetched from it lands', async () => {
  process.env.WORKLANE_SANDBOX = 'walls'
  using repository = withSubmodule()
  writeFileSync(join(repository.root, 'worklane.yaml'), 'agents: { attempts: 1 }')
  const [newest] = movedOn(repository)
  expect((await play(repository, linkTo(newest))).note).toContain('"lib" cannot be told')
  plainGit(join(repository.root, 'lib'), 'fetch', '-q')
  expect(await play(repository, linkTo(newest))).toMatchObject({ state: 'landed' })
})

it.each(['dirty', 'all'])('ignore = %s hides no work in a submodule', async (ignore) => {
  process.env.WORKLANE_SANDBOX = 'walls'
  using repository = withSubmodule()
  repository.git('config', '-f', '.gitmodules', 'submodule.lib.ignore', ignore)
  repository.commit('ignore')
  const uncommitted = await play(repository, `${GIT}\necho new > lib/README.md; echo 2 > two.txt`)
  expect(uncommitted.note).toContain('"lib" holds changes that are not committed')
  const moved = await play(
    repository,
    `${GIT}\ncd lib && git commit -q --allow-empty -m deep && git push -q origin HEAD:main`,
  )
  expect(moved).toMatchObject({ state: 'landed' })
  expect(repository.git('rev-parse', 'main:lib')).toBe(plainGit(repository.remote, 'rev-parse', 'main'))
})

it('who completes a task of their own is refused', async () => {
  using repository = withSubmodule()
  const { root } = repository
  await data(root, 'task', 'add', 'one')
  const { lane } = await data(root, 'claim', '1', '--as', 'ann')
  expect(lane.warnings).toContainEqual(expect.stringMatching(/^Not checked out in this lane.*: lib\./))
  execFileSync('git', ['init', '-q', join(lane.path, 'app')])
  plainGit(join(lane.path, 'app'), 'commit', '-q', '--allow-empty', '-m', 'made')
  expect(await refused(root, 'complete', '1', '--epoch', '1')).toEqual(['inner-work', 1])
})
