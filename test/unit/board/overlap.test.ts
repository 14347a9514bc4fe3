import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  caseCollisions,
  type Footprint,
  footprintOf,
  mayConflict,
  worstFirst,
} from '../../../src/board/overlap.ts'

const there = { mode: '100644', object: 'a' }

/** A name after `-` is one that the side deleted. */
function side(...names: string[]): Footprint {
  return footprintOf(
    names.map((name) =>
      name.startsWith('-') ? { path: name.slice(1), after: null } : { path: name, after: there },
    ),
  )
}

function bytes(text: string): string {
  return Buffer.from(text).toString('latin1')
}

describe('whether a merge can conflict', () => {
  test.each([
    ['a path of both', ['a', 'b/c'], ['b/c', 'd'], true],
    ['a file where the other has a directory', ['config'], ['config/a.json'], true],
    ['far above', ['x/y/z'], ['x'], true],
    ['one directory, different files', ['d/a'], ['d/b'], false],
    ['names that only begin alike', ['config'], ['config.json', 'configs/a'], false],
    ['deletions count', ['-a'], ['a'], true],
    ['nothing', [], ['a'], false],
  ] as const)('%s', (_, a, b, expected) => {
    expect(mayConflict(side(...a), side(...b))).toBe(expected)
    expect(mayConflict(side(...b), side(...a))).toBe(expected)
  })

  test('says the same as looking at every two paths', () => {
    const path = fc
      .array(fc.constantFrom('a', 'b', 'a.b'), { minLength: 1, maxLength: 4 })
      .map((p) => p.join('/'))
    const paths = fc.array(path, { maxLength: 6 })
    fc.assert(
      fc.property(paths, paths, (a, b) => {
        const meet = a.some((one) =>
          b.some((two) => one === two || one.startsWith(`${two}/`) || two.startsWith(`${one}/`)),
        )
        expect(mayConflict(side(...a), side(...b))).toBe(meet)
      }),
    )
  })
})

describe('names that differ only in case', () => {
  test('files, and a file where the other has a directory', () => {
    expect(caseCollisions(side('README', 'x/A'), side('readme', 'X'))).toEqual([
      ['README', 'readme'],
      ['x', 'X'],
    ])
    expect(caseCollisions(side('X'), side('x/a'))).toEqual([['X', 'x']])
  })

  test('letters beyond ASCII, and a letter written in two ways', () => {
    expect(caseCollisions(side(bytes('Ä')), side(bytes('ä')))).toEqual([[bytes('Ä'), bytes('ä')]])
    expect(caseCollisions(side(bytes('a\u0308')), side(bytes('ä')))).toHaveLength(1)
  })

  test('not: the same path, directories, a path that is gone or that the other changed too, bytes that are no text', () => {
    expect(caseCollisions(side('a', 'Src/a'), side('a', 'src/b'))).toEqual([])
    expect(caseCollisions(side('-readme'), side('README'))).toEqual([])
    expect(caseCollisions(side('-Readme', 'README'), side('Readme'))).toEqual([])
    expect(caseCollisions(side('\xff'), side('\xfe'))).toEqual([])
  })
})

test('worst first, each path once, words of other versions of git in between', () => {
  const files = [
    ['b', 'CONFLICT (contents)'],
    ['a', 'CONFLICT (contents)'],
    ['c', 'case'],
    ['d', 'CONFLICT (modify/delete)'],
    ['e', 'CONFLICT (of tomorrow)'],
    ['f', 'CONFLICT (file/directory)'],
    ['a', 'CONFLICT (distinct modes)'],
  ].map(([path = '', kind = '']) => ({ path, kind }))
  expect(worstFirst(files).map(({ path }) => path)).toEqual(['f', 'd', 'a', 'e', 'b', 'c'])
})
