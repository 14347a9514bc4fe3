import { expect, test } from 'vitest'
import {
  leadsAstray,
  type SharedState,
  safeKey,
  sayNames,
  sharedChange,
} from '../../../src/board/shared-state.ts'

const STATE: SharedState = {
  config: { 'core.bare': 'a', 'branch.main.merge': 'b' },
  values: { 'core.bare': 'false' },
  hooks: { 'pre-push': 'a' },
  alternates: ['/lender/objects'],
  attributes: null,
  refs: { 'refs/heads/main': '1', 'refs/heads/hers': '2', 'refs/tags/v1': '3' },
}
const OURS = new Set(['refs/heads/main', 'refs/heads/task/1-x'])
const NOTHING = { config: null, hooks: null, alternates: null, attributes: null, refs: null }

test('the same twice is no change', () => {
  expect(sharedChange(STATE, structuredClone(STATE), OURS)).toEqual(NOTHING)
})

test('what we move, what fetches move and what git writes for a branch is no news', () => {
  const after = {
    ...STATE,
    config: { 'core.bare': 'a', 'branch.hers.remote': 'c' },
    refs: {
      ...STATE.refs,
      'refs/heads/main': '9',
      'refs/heads/task/1-x': '9',
      'refs/worklane/1/1/head': '9',
      'refs/remotes/origin/main': '9',
    },
  }
  expect(sharedChange(STATE, after, OURS)).toEqual(NOTHING)
})

test('each difference is named once, with what refs were before', () => {
  const after: SharedState = {
    config: { 'core.bare': 'z', 'core.hookspath': 'y' },
    values: { 'core.bare': 'true' },
    hooks: { 'pre-commit': 'b' },
    alternates: [],
    attributes: 'c',
    refs: { 'refs/heads/main': '1', 'refs/heads/hers': '8', 'refs/stash': '7' },
  }
  expect(sharedChange(STATE, after, OURS)).toEqual({
    config: {
      added: ['core.hookspath'],
      changed: ['core.bare'],
      removed: [],
      values: [{ name: 'core.bare', from: 'false', to: 'true' }],
    },
    hooks: { added: ['pre-commit'], changed: [], removed: ['pre-push'] },
    alternates: { added: [], changed: [], removed: ['/lender/objects'] },
    attributes: { added: ['info/attributes'], changed: [], removed: [] },
    refs: {
      appeared: [{ ref: 'refs/stash', at: '7' }],
      moved: [{ ref: 'refs/heads/hers', from: '2', to: '8' }],
      vanished: [{ ref: 'refs/tags/v1', at: '3' }],
    },
  })
})

test.each([
  ['core.hookspath', true],
  ['core.fsmonitor', true],
  ['filter.lfs.clean', true],
  ['remote.origin.url', true],
  ['includeif.gitdir:/x.path', true],
  ['diff.pdf.textconv', true],
  ['remote.origin.fetch', false],
  ['user.name', false],
  ['core.autocrlf', false],
])('%s can lead git astray: %s', (key, does) => expect(leadsAstray(key)).toBe(does))

test('a password in the name of a key is not kept', () => {
  expect(safeKey('url.https://ann:s3cret@host/.insteadof')).toBe('url.https://…@host/.insteadof')
  expect(safeKey('http.https://host/.extraheader')).toBe('http.https://host/.extraheader')
})

test('long lists are cut', () => {
  const added = ['a', 'b', 'c', 'd', 'e']
  expect(sayNames({ added, changed: ['f'], removed: ['g', 'h'] }, 2)).toBe('a added, b added and 6 more')
  expect(sayNames({ added: ['a'], changed: [], removed: ['b'] })).toBe('a added, b gone')
})

test('a value that is kept is said', () => {
  const values = [{ name: 'core.bare', from: 'false', to: 'true' }]
  expect(sayNames({ added: [], changed: ['core.bare', 'x'], removed: [], values })).toBe(
    'core.bare changed from false to true, x changed',
  )
})
