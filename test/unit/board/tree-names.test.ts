import { expect, test } from 'vitest'
import { whyNoRefs } from '../../../src/board/ref-names.ts'
import { whyHostile } from '../../../src/board/tree-names.ts'
import { type TreeNode, whyShapeless } from '../../../src/board/tree-shape.ts'

const latin1 = (text: string): string => Buffer.from(text).toString('latin1')

test.each([
  ...[
    '.git',
    '.GIT',
    '.gI\u200ct',
    '\ufeff.git',
    '.git ',
    '.git. .',
    '.git::$INDEX_ALLOCATION',
    'git~1',
    'GIT~2',
  ],
  ...['a\\.git', '.git\\hooks', 'git~1\\config', 'a/b', '..', '.', '', '..\\x', 'a\\..\\b', 'n'.repeat(256)],
])('a name %j is not let in', (name) => {
  expect(whyHostile({ mode: '100644', name: latin1(name) })).not.toBeNull()
})

test.each([
  ...['.gitmodules', '.GitAttributes', '.gitignore.', '.mail\u200dmap', 'GITMOD~1', 'gi7eba~1', 'gi7eb~12'],
  ...['gi250a~1', 'maba30~1', '.gitattributes:$DATA'],
])('a link called %j is not let in, a file is', (name) => {
  expect(whyHostile({ mode: '120000', name: latin1(name) })).not.toBeNull()
  expect(whyHostile({ mode: '100644', name: latin1(name) })).toBeNull()
})

test.each([
  '.github',
  'git',
  'a.git',
  '.gitkeep',
  'dev\\x2d',
  'a..b',
  '...',
  'git~x',
  'gi7eba~123',
  'ü',
  '~1',
])('a name %j may come, as a link too', (name) => {
  expect(whyHostile({ mode: '120000', name: latin1(name) })).toBeNull()
})

test.each(['100666', '040000', '0', '', '120777', '40755'])('mode %j is not let in', (mode) => {
  expect(whyHostile({ mode, name: 'x' })).not.toBeNull()
})

function doubled(depth: number): Map<string, TreeNode> {
  const trees = new Map<string, TreeNode>([['0', { files: 1, longestName: 1, below: [] }]])
  for (let n = 1; n <= depth; n += 1) {
    const child = [String(n - 1), 1] as const
    trees.set(String(n), { files: 0, longestName: 1, below: [child, child] })
  }
  return trees
}

test('files that shared directories stand for are counted by path', () => {
  expect(whyShapeless(doubled(15))).toBeNull()
  expect(whyShapeless(doubled(30))).toMatch(/1,000,000 files/)
})

test('directories that are too deep, and paths that are too long, are refused', () => {
  const line = (depth: number, bytesOfName: number): Map<string, TreeNode> =>
    new Map(
      Array.from({ length: depth }, (_, n): [string, TreeNode] => [
        String(n),
        { files: 1, longestName: bytesOfName, below: n === 0 ? [] : [[String(n - 1), bytesOfName]] },
      ]).reverse(),
    )
  expect(whyShapeless(line(256, 5))).toBeNull()
  expect(whyShapeless(line(257, 5))).toMatch(/too deep/)
  expect(whyShapeless(line(20, 200))).toMatch(/too deep/)
  expect(whyShapeless(line(100_000, 1))).toMatch(/too deep/)
})

test('refs that cannot be files beside each other are refused', () => {
  expect(whyNoRefs(['refs/heads/a', 'refs/heads/a-b', 'refs/tags/a'])).toBeNull()
  expect(whyNoRefs(['refs/heads/a/b', 'refs/heads/a'])).toMatch(/within/)
  expect(whyNoRefs([`refs/heads/${'n'.repeat(251)}`])).toMatch(/no file system/)
})
