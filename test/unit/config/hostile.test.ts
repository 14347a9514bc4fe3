import { describe, expect, it } from 'vitest'
import { parseTaskFile } from '../../../src/config/task-file.ts'
import { checkSubject } from '../../../src/config/task-text.ts'
import { HOSTILE_TITLES } from '../../fixtures/hostile-tasks.ts'
import { refusal } from './refusal.ts'

describe('a hostile title', () => {
  it.each(HOSTILE_TITLES)('$what is $fate', ({ title, fate }) => {
    const json = JSON.stringify([title])
    if (fate === 'refused') {
      refusal(() => checkSubject(title))
      refusal(() => parseTaskFile('x.json', json))
      return
    }
    expect(checkSubject(title)).toBe(title)
    for (const name of ['x.json', 'x.yaml']) expect(parseTaskFile(name, json)[0]?.subject).toBe(title)
    expect(parseTaskFile('x.txt', title)[0]?.subject).toBe(title)
  })
})

const MIB = 2 ** 20

/** Files made to exhaust the parsers. Without the bounds each takes minutes, or all memory. */
describe('a hostile file is refused at once', () => {
  it.each<[string, string, () => string]>([
    ['quotes in quotes', 'x.md', () => '>'.repeat(5 * MIB)],
    ['lists in lists on one line', 'x.md', () => `${'1. '.repeat(60_000)}a`],
    ['many lines of nested lists', 'x.md', () => `${'1. '.repeat(20)}a\n\n`.repeat(50_000)],
    ['many lines of nested quotes', 'x.md', () => `- a\n\n${`  ${'>'.repeat(19)}a\n\n`.repeat(50_000)}`],
    ['lines without indent', 'x.md', () => `- a\n${'b\n'.repeat(60_000)}`],
    ['numbers that continue a paragraph', 'x.md', () => `- a\n${'7) b\n7. c\n'.repeat(60_000)}`],
    ['one endless line', 'x.md', () => `- ${'[*`<!&\\_'.repeat(600_000)}`],
    ['empty lines', 'x.md', () => '\n'.repeat(5 * MIB)],
    ['a tab for each column', 'x.md', () => `- a\n${'\t'.repeat(4 * MIB)}b`],
    ['attributes without end', 'x.md', () => `- a {${'x '.repeat(100_000)}}`],
    ['an open code block', 'x.md', () => `\`\`\`\n${'- a\n\n'.repeat(40_000)}`],
    ['brackets', 'x.yaml', () => '['.repeat(5 * MIB)],
    ['brackets on every line', 'x.yaml', () => '[\n'.repeat(30_000)],
    ['questions', 'x.yaml', () => '? '.repeat(30_000)],
    ['dashes', 'x.yaml', () => '- '.repeat(30_000)],
    ['quotation marks', 'x.yaml', () => '"'.repeat(50_000)],
    ['a crowd of keys', 'x.yaml', () => `{${Array.from({ length: 20_000 }, (_, n) => `k${n}: 1`).join()}}`],
    ['a crowd of aliases', 'x.yaml', () => `- &a b\n${'- *a\n'.repeat(9000)}`],
    [
      'aliases that multiply',
      'x.yaml',
      () =>
        ['- &a0 [x]', ...Array.from({ length: 12 }, (_, n) => `- &a${n + 1} [${`*a${n},`.repeat(9)}]`)].join(
          '\n',
        ),
    ],
    ['brackets in JSON', 'x.json', () => '{"a":'.repeat(30_000)],
    ['one long subject', 'x.txt', () => 'x'.repeat(5 * MIB)],
    ['a million subjects', 'x.txt', () => 'x\n'.repeat(MIB / 4)],
  ])('%s', (_what, name, text) => {
    const content = text()
    const before = process.cpuUsage()
    refusal(() => parseTaskFile(name, content))
    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(10)
  })

  it('and a large honest one is read', () => {
    const task = '- Do this\n  because\n  - one\n  - two\n    - three\n  - four\n'
    expect(parseTaskFile('x.md', task.repeat(2500))).toHaveLength(2500)
  })
})
