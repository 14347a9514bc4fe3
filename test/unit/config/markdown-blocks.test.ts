import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { markdownBlocks } from '../../../src/config/tasks/markdown-blocks.ts'
import { textLines } from '../../../src/config/tasks/markdown-lines.ts'
import { markdownText } from './markdown-text.ts'

function blocks(text: string, size: number): unknown {
  return markdownBlocks(textLines(text), () => {}, size)
}

describe('markdownBlocks', () => {
  it('finds in parts what it finds in one piece', () => {
    fc.assert(
      fc.property(markdownText, fc.integer({ min: 1, max: 60 }), (text, size) => {
        expect(blocks(text, size)).toEqual(blocks(text, Number.MAX_SAFE_INTEGER))
      }),
      { numRuns: 600 },
    )
  })

  it.each([
    '```\n- a\n\n- b\n```\n\n- c\n',
    '<!--\n\n- a\n\n-->\n- c\n',
    '<pre>\n\n# a\n\n</pre>\n\n# c\n',
    '1. a\n7. b\n\n7. c\n',
    'text\n7. no item\n1. item\n',
    '- a\n\n      code\n\n- b\n',
    '- a\n  ```\n\nb\n- c\n  ```\n',
    'a\n- \nb\n-\n',
    '- a\n---\n- b\n\n---\n',
    '- a\n***\n* b\n* * *\n',
    'a\n\n===\n\nb\n===\n',
    '~~~\n- a\n~~~~ \n# b\n',
    '    code\n+ \n- a\n',
    '    code\n7. a\n8. b\n',
    'text\n7) \n- a\n',
    'text\n- -\n- a\n',
  ])('does so for %j', (text) => {
    for (let size = 1; size <= text.length; size += 1)
      expect(blocks(text, size)).toEqual(blocks(text, Number.MAX_SAFE_INTEGER))
  })

  it('keeps parts small, whatever the size of the document', () => {
    const task = '- Do this\n  because\n  - one\n    - two\n\n  > three\n'
    const lines = textLines(task.repeat(1000))
    const sizes: number[] = []
    markdownBlocks(lines, (first, after) => sizes.push(lines.start(after) - lines.start(first)))
    expect(sizes.length).toBeLessThan(100)
    expect(Math.max(...sizes)).toBeLessThan(3000)
  })

  it('asks before it parses, with parts that follow each other and grow where one is needed', () => {
    const text = `- a\n- b\n\`\`\`\n${'- c\n'.repeat(6)}\`\`\`\n- d\n`
    const parts: [number, number][] = []
    markdownBlocks(textLines(text), (first, after) => parts.push([first, after]), 1)
    expect(parts).toContainEqual([0, 1])
    // The code block is lines 2 to 9; no part ends inside it for good.
    const ends = new Set(
      parts.filter(([, after], n) => (parts[n + 1]?.[0] ?? after) === after).map(([, after]) => after),
    )
    expect([3, 4, 5, 6, 7, 8, 9].filter((line) => ends.has(line))).toEqual([])
  })
})
