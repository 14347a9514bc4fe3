import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type EditedLines, type LineEdit, mergeLines } from '../../../src/board/line-merge.ts'

const BASE = ['a\n', 'b\n', 'c\n', 'd\n', 'e\n']
const RULES = { keepBoth: false }

/** `at: [lines to drop, what comes instead]`, in order. */
function side(
  base: readonly string[],
  edits: readonly [at: number, drop: number, text: string[]][],
): EditedLines {
  const lines: string[] = []
  const placed: LineEdit[] = []
  let from = 0
  for (const [start, drop, text] of edits) {
    lines.push(...base.slice(from, start))
    placed.push({ base: { start, lines: drop }, side: { start: lines.length, lines: text.length } })
    lines.push(...text)
    from = start + drop
  }
  return { lines: [...lines, ...base.slice(from)], edits: placed }
}

function merged(ours: Parameters<typeof side>[1], theirs: Parameters<typeof side>[1], keepBoth = false) {
  return mergeLines(BASE, side(BASE, ours), side(BASE, theirs), { keepBoth })
}

describe('what is taken from both', () => {
  test.each([
    ['neighbours', [[1, 1, ['B\n']]], [[2, 1, ['C\n']]], 'a\nB\nC\nd\ne\n'],
    ['neighbours, the other way round', [[2, 1, ['C\n']]], [[1, 1, ['B\n']]], 'a\nB\nC\nd\ne\n'],
    ['a deletion beside a change', [[1, 1, []]], [[2, 1, ['C\n']]], 'a\nC\nd\ne\n'],
    ['an insertion before a change', [[2, 0, ['x\n']]], [[2, 1, ['C\n']]], 'a\nb\nx\nC\nd\ne\n'],
    ['an insertion behind a change', [[1, 1, ['B\n']]], [[2, 0, ['x\n']]], 'a\nB\nx\nc\nd\ne\n'],
    [
      'a chain',
      [
        [0, 1, ['A\n']],
        [2, 1, ['C\n']],
      ],
      [[1, 1, ['B\n']]],
      'A\nB\nC\nd\ne\n',
    ],
    [
      'the same change of both, once',
      [[1, 1, ['B\n']]],
      [
        [1, 1, ['B\n']],
        [3, 1, ['D\n']],
      ],
      'a\nB\nc\nD\ne\n',
    ],
  ] as const)('%s', (_, ours, theirs, text) => {
    const [a, b] = [ours, theirs].map((all) => all.map(([at, drop, now]) => [at, drop, [...now]]))
    expect(merged(a as never, b as never)).toEqual({ text, rule: 'adjacent-lines' })
  })
})

describe('what somebody has to decide', () => {
  test.each([
    ['the same line', [[1, 1, ['x\n']]], [[1, 1, ['y\n']]]],
    ['a change in the middle of a deletion', [[0, 4, []]], [[2, 1, ['C\n']]]],
    ['insertions at one place', [[2, 0, ['x\n']]], [[2, 0, ['y\n']]]],
    ['an insertion at the end of what is deleted', [[1, 2, []]], [[3, 0, ['x\n']]]],
    [
      'neighbours that bring the same line',
      [[1, 1, ['import x\n', 'B\n']]],
      [[2, 1, ['C\n', ' import x\n']]],
    ],
    ['a line behind a last one without an end', [[4, 1, ['E']]], [[5, 0, ['f\n']]]],
  ] as const)('%s', (_, ours, theirs) => {
    const [a, b] = [ours, theirs].map((all) => all.map(([at, drop, now]) => [at, drop, [...now]]))
    expect(merged(a as never, b as never)).toBeNull()
    expect(merged(b as never, a as never)).toBeNull()
  })

  test('edits that do not lead to the lines of their side', () => {
    const wrong = { ...side(BASE, [[1, 1, ['B\n']]]), lines: [...BASE, 'f\n'] }
    expect(mergeLines(BASE, wrong, side(BASE, []), RULES)).toBeNull()
  })
})

describe('changelogs', () => {
  const head = ['## Next\n', '\n']
  test('keep both, ours first, and what both begin and end with once', () => {
    const answer = merged(
      [[1, 0, [...head, '- one\n', '\n']]],
      [[1, 0, [...head, '- two\n', '- 2\n', '\n']]],
      true,
    )
    expect(answer).toEqual({
      text: 'a\n## Next\n\n- one\n- two\n- 2\n\nb\nc\nd\ne\n',
      rule: 'changelog',
    })
  })

  test('only where neither side does anything but insert', () => {
    expect(
      merged(
        [[1, 0, ['x\n']]],
        [
          [1, 0, ['y\n']],
          [3, 1, []],
        ],
        true,
      ),
    ).toBeNull()
  })
})

const anyLine = fc.constantFrom('a\n', 'b\n', 'c\n', '\n')
/** Edits of a base of so many lines, apart from each other by a line; what they insert is nobody else's. */
function anySide(name: string, count: number): fc.Arbitrary<[number, number, string[]][]> {
  const one = fc.record({ gap: fc.nat(4), drop: fc.nat(3), add: fc.nat(3) })
  return fc.array(one, { maxLength: 4 }).map((parts) => {
    let at = 0
    return parts.flatMap(({ gap, drop, add }, n): [number, number, string[]][] => {
      const start = at + gap + (n === 0 ? 0 : 1)
      if (start + drop > count || drop + add === 0) return []
      at = start + drop
      return [[start, drop, Array.from({ length: add }, (_, k) => `${name} ${n} ${k}\n`)]]
    })
  })
}

const anyMerge = fc.array(anyLine, { maxLength: 14 }).chain((base) =>
  fc.record({
    base: fc.constant(base),
    ours: anySide('ours', base.length),
    theirs: anySide('theirs', base.length),
    keepBoth: fc.boolean(),
  }),
)

test('never drops an inserted line, keeps the order of each side, and brings nothing else', () => {
  fc.assert(
    fc.property(anyMerge, ({ base, ours, theirs, keepBoth }) => {
      const answer = mergeLines(base, side(base, ours), side(base, theirs), { keepBoth })
      if (answer === null) return
      const lines = answer.text === '' ? [] : answer.text.split(/(?<=\n)/)
      for (const [name, edits] of [
        ['ours', ours],
        ['theirs', theirs],
      ] as const)
        expect(lines.filter((line) => line.startsWith(`${name} `))).toEqual(
          edits.flatMap(([, , text]) => text),
        )
      const dropped = new Set(
        [...ours, ...theirs].flatMap(([at, drop]) => Array.from({ length: drop }, (_, k) => at + k)),
      )
      expect(lines.filter((line) => !/^(ours|theirs) /.test(line))).toEqual(
        base.filter((_, at) => !dropped.has(at)),
      )
    }),
    { numRuns: 3000 },
  )
})

test('never merges changes of the same lines of the base', () => {
  fc.assert(
    fc.property(anyMerge, ({ base, ours, theirs, keepBoth }) => {
      const meet = ours.some(([a, n]) => theirs.some(([b, m]) => Math.max(a, b) < Math.min(a + n, b + m)))
      const alike = (mine: typeof ours, others: typeof ours) =>
        mine.some(
          ([a, n, text]) =>
            text.length === 0 && others.some(([b, m, t]) => a === b && n === m && t.length === 0),
        )
      if (!meet || alike(ours, theirs)) return
      expect(mergeLines(base, side(base, ours), side(base, theirs), { keepBoth })).toBeNull()
    }),
    { numRuns: 3000 },
  )
})

test('the sides can be swapped, but for changelogs', () => {
  fc.assert(
    fc.property(anyMerge, ({ base, ours, theirs }) => {
      const [one, two] = [side(base, ours), side(base, theirs)]
      expect(mergeLines(base, one, two, RULES)).toEqual(mergeLines(base, two, one, RULES))
    }),
    { numRuns: 1000 },
  )
})
