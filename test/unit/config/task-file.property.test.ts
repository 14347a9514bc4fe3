import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { type FileTask, parseTaskFile } from '../../../src/config/task-file.ts'
import { UsageError } from '../../../src/config/usage-error.ts'
import { markdownText } from './markdown-text.ts'
import { refusal } from './refusal.ts'

/** Tasks that keep every rule, or a usage error; nothing else comes out of any text. */
function parsesOrRefuses(name: string, text: string): void {
  let tasks: FileTask[] = []
  try {
    tasks = parseTaskFile(name, text)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    refusal(() => parseTaskFile(name, text))
    return
  }
  const lines = text.split(/\r\n|\n|\r/).length
  expect(tasks.length).toBeGreaterThan(0)
  for (const task of tasks) {
    expect(task.subject).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]|^\s|\s$|^$/u)
    expect([...task.subject].length).toBeLessThanOrEqual(200)
    expect(task.description).not.toMatch(/[^\P{Cc}\n\r\t]/u)
    expect(task.line >= 1 && task.line <= lines).toBe(true)
  }
}

const yamlText = fc
  .array(
    fc.constantFrom(
      '\n',
      '\n',
      '- ',
      'subject: ',
      'after: ',
      'key: ',
      'tasks:',
      'a',
      'b',
      '"',
      "'",
      '[',
      ']',
      '{',
      '}',
      ',',
      ':',
      '&x ',
      '*x',
      '!t ',
      '<<: ',
      '|',
      '>',
      '  ',
      '\t',
      '#',
      '? ',
      '---',
      '...',
      '%YAML 1.1',
      'null',
      '~',
      '1',
      '\\u0000',
      '@',
      '`',
    ),
    { maxLength: 40 },
  )
  .map((pieces) => pieces.join(''))

describe('any text', () => {
  const anything = fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ unit: 'grapheme' }))

  it.each<[string, fc.Arbitrary<string>, number]>([
    ['x.md', anything, 400],
    ['x.md', markdownText, 800],
    ['x.yaml', anything, 400],
    ['x.yaml', yamlText, 1000],
    ['x.json', fc.json(), 500],
    ['x.txt', anything, 500],
  ])('as %s is tasks or a usage error', (name, text, numRuns) => {
    fc.assert(
      fc.property(text, (value) => parsesOrRefuses(name, value)),
      { numRuns },
    )
  })
})

describe('round trips', () => {
  const subject = fc
    .oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('null', '1', 'yes', '- a', '# a', '{a}', 'a: b', '*x', '|', '"'),
    )
    .map((text) => text.trim())
    .filter((text) => /^[^\p{C}\p{Zl}\p{Zp}]+$/u.test(text) && /[\p{L}\p{N}\p{P}\p{S}]/u.test(text))
  const description = fc
    .string({ unit: fc.constantFrom('a', ' ', '\n', '\t', '#', '- ', '"', 'é', '\u{1F600}', ': ') })
    .filter((text) => !/^\s|\s$/.test(text))

  const drafts = fc
    .array(
      fc.record({
        subject,
        description,
        priority: fc.integer({ min: -99, max: 99 }),
        command: fc.option(fc.constantFrom('npm test', 'echo "a: b" # c', 'a\nb\n')),
        checks: fc.array(fc.constantFrom('x', 'y: z', '- w'), { maxLength: 3 }),
        attempts: fc.option(fc.integer({ min: 1, max: 9 })),
        allowEmpty: fc.boolean(),
        review: fc.boolean(),
        wait: fc.nat(),
      }),
      { minLength: 1, maxLength: 8 },
    )
    .map((list) =>
      list.map(({ wait, ...draft }, index) => ({
        ...draft,
        key: `k-${index}`,
        after: index === 0 ? ['#5'] : [`k-${wait % index}`],
      })),
    )

  it('YAML and JSON give back what was written', () => {
    fc.assert(
      fc.property(drafts, fc.boolean(), (tasks, wrapped) => {
        const document = wrapped ? { tasks } : tasks
        const expected = tasks.map((task) => expect.objectContaining({ ...task, timeLimit: null }))
        expect(parseTaskFile('x.yaml', stringify(document))).toEqual(expected)
        expect(parseTaskFile('x.json', JSON.stringify(document, null, '\t'))).toEqual(expected)
      }),
      { numRuns: 80 },
    )
  })

  it('a Markdown heading keeps its subject, and its description as it is written', () => {
    const plain = subject.filter((text) => !/[{}[\]#]|^[-+*>=]|^\d/.test(text))
    const paragraph = fc.stringMatching(/^[a-z][a-z *_`<&]{0,40}[a-z]$/)
    fc.assert(
      fc.property(fc.array(fc.tuple(plain, paragraph), { minLength: 2, maxLength: 6 }), (tasks) => {
        const text = tasks.map(([head, body]) => `## ${head}\n\n${body}\n\n`).join('')
        expect(parseTaskFile('x.md', text).map((task) => [task.subject, task.description])).toEqual(tasks)
      }),
      { numRuns: 80 },
    )
  })
})
