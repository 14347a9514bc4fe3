import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { behindUpstream } from '../../src/host/git/upstream.ts'
import { makeRepository, plainGit } from '../fixtures/repository.ts'

test('how far a branch is from what was last fetched', async () => {
  using repository = makeRepository()
  expect(await behindUpstream({ commonDir: repository.gitDir }, 'main')).toBe(null)
  const clone = join(repository.root, '..', 'clone')
  execFileSync('git', ['clone', '-q', repository.root, clone])
  const place = { commonDir: join(clone, '.git') }
  expect(await behindUpstream(place, 'main')).toEqual({ upstream: 'origin/main', behind: 0, ahead: 0 })
  repository.commit('theirs 1')
  repository.commit('theirs 2')
  plainGit(clone, 'commit', '-q', '--allow-empty', '-m', 'mine')
  expect(await behindUpstream(place, 'main')).toEqual({ upstream: 'origin/main', behind: 0, ahead: 1 })
  plainGit(clone, 'fetch', '-q')
  expect(await behindUpstream(place, 'main')).toEqual({ upstream: 'origin/main', behind: 2, ahead: 1 })
  plainGit(clone, 'update-ref', '-d', 'refs/remotes/origin/main')
  expect(await behindUpstream(place, 'main')).toBe(null)
  expect(await behindUpstream(place, 'nobody')).toBe(null)
})
