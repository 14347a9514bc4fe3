import { mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findRepository, isHeadWhole } from '../../src/host/git/repository.ts'
import { makeRepository, plainGit, temporaryDirectory } from '../fixtures/repository.ts'

describe('where a repository and its checkout are', () => {
  it.each([
    ['plain', ''],
    ['relative', '../../else where'],
    ['with a comment sign', '../../a;b#c'],
    ['with quotes', '../../a"b'],
    ['with spaces at the end', '../../end  '],
  ])('core.worktree, %s, as git reads it', (_what, path) => {
    using repository = makeRepository()
    const { root, gitDir, git } = repository
    if (path !== '') {
      mkdirSync(join(gitDir, path), { recursive: true })
      git('config', 'core.worktree', path)
    }
    const toplevel = plainGit(root, '--git-dir', gitDir, 'rev-parse', '--show-toplevel')
    expect(findRepository(root)?.root).toBe(path === '' ? root : realpathSync(join(gitDir, path)))
    if (path !== '') expect(findRepository(root)?.root).toBe(toplevel)
  })

  it('core.bare, however it is written; a word in another section is not it', () => {
    using repository = makeRepository()
    const { root, gitDir } = repository
    const config = join(gitDir, 'config')
    for (const text of [
      '[core]\n\tbare = true\n',
      '[CORE] Bare\n',
      '[core]\nbare=yes # so\n',
      '[core] bare = "1"\n',
    ]) {
      writeFileSync(config, text)
      expect([text, plainGit(root, 'config', '--type=bool', 'core.bare')]).toEqual([text, 'true'])
      expect([text, findRepository(root)?.root]).toEqual([text, null])
    }
    writeFileSync(config, '[core]\n\tbare = false\n[core "x"]\n\tbare = true\n[remote]\n\tbare = true\n')
    expect(findRepository(root)?.root).toBe(root)
  })

  it('the main worktree, from inside a linked one, of a submodule too', () => {
    using repository = makeRepository()
    const top = temporaryDirectory()
    const add = ['-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', repository.root, 'part']
    const outer = join(top, 'outer')
    plainGit(top, 'init', '-q', outer)
    plainGit(outer, ...add)
    const part = join(outer, 'part')
    const linked = join(top, 'linked')
    plainGit(part, 'worktree', 'add', '-q', linked, '-b', 'linked')
    const found = findRepository(linked)
    expect([found?.root, found?.rootGitDir]).toEqual([part, join(outer, '.git/modules/part')])
  })

  it('a HEAD that git takes for one', () => {
    using repository = makeRepository()
    const { gitDir, git } = repository
    expect(isHeadWhole(gitDir)).toBe(true)
    git('checkout', '-q', '--detach')
    expect(isHeadWhole(gitDir)).toBe(true)
    for (const text of ['', 'garbage\n', 'ref: heads/main\n']) {
      writeFileSync(join(gitDir, 'HEAD'), text)
      expect(() => git('rev-parse', '--git-dir')).toThrow()
      expect(isHeadWhole(gitDir)).toBe(false)
    }
  })
})
