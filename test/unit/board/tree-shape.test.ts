import { expect, test } from 'vitest'
import { type TreeNode, type TreeShape, whyShapeless } from '../../../src/board/tree-shape.ts'

/** A chain of directories, each of which holds the next one `times` times. */
function chain(levels: number, times: number, name = 1): Map<string, TreeNode> {
  return new Map(
    Array.from({ length: levels }, (_, at) => [
      `t${at}`,
      {
        files: 1,
        longestName: name,
        below: at + 1 === levels ? [] : Array.from({ length: times }, () => [`t${at + 1}`, name] as const),
      },
    ]),
  )
}

test.each([
  ['an ordinary tree', chain(20, 1), null],
  ['the deepest that there may be', chain(256, 1), null],
  ['one deeper', chain(257, 1), 'its directories are too deep'],
  ['paths that are too long', chain(40, 1, 100), 'its directories are too deep'],
  ['2^30 files', chain(30, 2), 'it stands for more than 1,000,000 files'],
])('%s', (_, trees, why) => expect(whyShapeless(trees)).toBe(why))

test('what was seen before counts where it hangs now', () => {
  const known = new Map<string, TreeShape>()
  expect(whyShapeless(chain(200, 1), known)).toBeNull()
  expect(known.size).toBe(200)
  const longer = new Map([...chain(100, 1)].map(([oid, node]) => [`new-${oid}`, node] as const))
  const hung = new Map(
    [...longer].map(([oid, node], at) => [
      oid,
      { ...node, below: [[at === 99 ? 't0' : `new-t${at + 1}`, 1] as const] },
    ]),
  )
  expect(whyShapeless(hung, known)).toBe('its directories are too deep')
})
