import { describe, expect, it } from 'vitest'
import { type FileTask, parseTaskFile } from '../../../src/config/task-file.ts'
import { refusal } from './refusal.ts'

function parse(text: string): FileTask[] {
  return parseTaskFile('tasks.md', text)
}

function outline(text: string): [string, string, number][] {
  return parse(text).map(({ subject, description, line }) => [subject, description, line])
}

const LIST = `# Plan

Some words for people.

- [ ] Add the schema {#schema priority=2}
  with two tables

  - one
  - two

      indented code
- [x] Choose a name {#name}
* Write the **page** {after=schema,name,#12 review timeLimit=1h30m network=api.example.com,*.example.org attempts=5 allowEmpty}

1. First
2) Second
`

describe('a list', () => {
  it('has one task for each item at the top', () => {
    expect(outline(LIST)).toEqual([
      ['Add the schema', 'with two tables\n\n- one\n- two\n\n    indented code', 5],
      ['Write the **page**', '', 13],
      ['First', '', 15],
      ['Second', '', 16],
    ])
  })

  it('takes key and options from attributes', () => {
    const [schema, page] = parse(LIST)
    expect(schema).toMatchObject({ key: 'schema', priority: 2, after: [], review: false, attempts: null })
    // `name` is done, so nothing waits for it.
    expect(page).toMatchObject({
      key: null,
      after: ['schema', '#12'],
      review: true,
      allowEmpty: true,
      attempts: 5,
      timeLimit: 5_400_000,
      network: { mode: 'domains', domains: ['api.example.com', '*.example.org'] },
      command: null,
      checks: [],
      touches: [],
    })
  })

  it.each<[string, string, [string, string, number][]]>([
    [
      'tight',
      '- a\n- b\n',
      [
        ['a', '', 1],
        ['b', '', 2],
      ],
    ],
    ['deeper indent', '-   a\n    b\n\n        c\n', [['a', 'b\n\n    c', 1]]],
    ['lazy lines', '- a\nb\n', [['a', 'b', 1]]],
    ['tabs', '-\ta\n\tb\n\n\t\tc\n', [['a', 'b\n\n\tc', 1]]],
    [
      'Windows line ends',
      '- a\r\n  b\r\n- c\r\n',
      [
        ['a', 'b', 1],
        ['c', '', 3],
      ],
    ],
    [
      'old Mac line ends',
      '- a\r- b\r',
      [
        ['a', '', 1],
        ['b', '', 2],
      ],
    ],
    ['an empty first line', '-\n  a\n  b\n', [['a', 'b', 2]]],
    ['a heading in an item', '- ## a ##\n  b\n', [['a', 'b', 1]]],
    [
      'a code block',
      '- a\n\n  ```sh\n  # no heading\n  - no item\n  ```\n',
      [['a', '```sh\n# no heading\n- no item\n```', 1]],
    ],
    ['an upper-case tick', '- [X] a\n- [ ] b\n', [['b', '', 2]]],
    ['a link is no tick', '- [x](y) a\n', [['[x](y) a', '', 1]]],
    ['a definition is no tick', '- [ ] a\n\n[x]: y\n', [['a', '', 1]]],
    ['a tick of its own', '- [] a\n', [['[] a', '', 1]]],
    ['trailing spaces', '- a  \n  b\n', [['a', 'b', 1]]],
    ['entities and escapes stay', '- a &amp; \\*b\\* <br>\n', [['a &amp; \\*b\\* <br>', '', 1]]],
    [
      'one heading',
      '# T\n\n## Tasks\n\n- a\n- b\n',
      [
        ['a', '', 5],
        ['b', '', 6],
      ],
    ],
    ['a list in a quote is none', '> - a\n\n- b\n', [['b', '', 3]]],
    ['a list in a comment is none', '<!--\n- a\n\n- c\n-->\n\n- b\n', [['b', '', 7]]],
    ['a list in a fence is none', '```\n- a\n\n- c\n```\n\n- b\n', [['b', '', 7]]],
    ['a byte order mark', '\uFEFF- a\n', [['a', '', 1]]],
    ['no final newline', '- a', [['a', '', 1]]],
  ])('%s', (_name, text, expected) => {
    expect(outline(text)).toEqual(expected)
  })
})

describe('headings', () => {
  it('are tasks below a title, with everything under them as it is written', () => {
    const text =
      '# Plan\n\nIntro\n\n## One {#one}\n\n- [ ] x\n\n### Notes\n\n    code  \n\nTwo {after=one}\n---\n\ntext\n'
    expect(outline(text)).toEqual([
      ['One', '- [ ] x\n\n### Notes\n\n    code', 5],
      ['Two', 'text', 13],
    ])
    expect(parse(text)[1]?.after).toEqual(['one'])
  })

  it.each<[string, string, [string, string, number][]]>([
    [
      'without a title',
      '# a\nx\n# b\n',
      [
        ['a', 'x', 1],
        ['b', '', 3],
      ],
    ],
    [
      'closed',
      '## a ##\n## b #\n',
      [
        ['a', '', 1],
        ['b', '', 2],
      ],
    ],
    [
      'win over a list',
      '- x\n\n## a\n## b\n',
      [
        ['a', '', 3],
        ['b', '', 4],
      ],
    ],
    ['one is enough without a list', '# Fix it\n\nbecause\n', [['Fix it', 'because', 1]]],
    ['one below a title is enough without a list', '# T\n\n## a\n\nb\n', [['a', 'b', 3]]],
    [
      'indented code first',
      '## a\n\n    code\n\n## b\n',
      [
        ['a', '    code', 1],
        ['b', '', 5],
      ],
    ],
    ['done', '## [x] a\n## [ ] b\n', [['b', '', 2]]],
    [
      'in code are none',
      '## a\n```\n## x\n```\n## b\n',
      [
        ['a', '```\n## x\n```', 1],
        ['b', '', 5],
      ],
    ],
    [
      'Windows line ends',
      '# T\r\n## a\r\nx\r\n\r\n## b\r\n',
      [
        ['a', 'x', 2],
        ['b', '', 5],
      ],
    ],
    [
      'levels',
      '# T\n## A\n### a\n## B\n### b\n',
      [
        ['A', '### a', 2],
        ['B', '### b', 4],
      ],
    ],
  ])('%s', (_name, text, expected) => {
    expect(outline(text)).toEqual(expected)
  })
})

describe('attributes', () => {
  it.each([
    ['{}', '{}'],
    ['Fix {a} now', 'Fix {a} now'],
    ['Return {}', 'Return {}'],
    ['Render {{ name }}', 'Render {{ name }}'],
    ['Expand %{HOME}', 'Expand %{HOME}'],
    ['Name it {id}-{slug}', 'Name it {id}-{slug}'],
    ['Quote `{x}`', 'Quote `{x}`'],
    ['Escape \\{x}', 'Escape {x}'],
    ['Close }', 'Close }'],
    ['a {b} c}', 'a {b} c}'],
  ])('leave %j alone', (line, subject) => {
    expect(parse(`- ${line}\n`)[0]).toMatchObject({ subject, key: null })
  })

  it.each<[string, RegExp]>([
    ['{reveiw}', /tasks\.md:2: "reveiw" is not an attribute\. Did you mean review\?.*\\\{/],
    ['{prio=1}', /"prio" is not an attribute\. Did you mean priority\?/],
    ['{command=ls}', /"command" is not an attribute/],
    ['{__proto__=1}', /is not an attribute/],
    ['{constructor}', /is not an attribute/],
    ['{priority}', /priority needs a value/],
    ['{review=true}', /"review" is not an attribute/],
    ['{priority=high}', /priority must be a whole number.*"high"/],
    ['{priority=9999999}', /priority must be.* For example: \{priority=2\}$/],
    ['{network=nowhere}', /"nowhere" is no domain.* For example: \{network=off\} or \{network=api\./],
    ['{attempts=0}', /attempts must be/],
    ['{timeLimit=5}', /"5" is not a duration/],
    ['{#}', /key must be/],
    ['{#12}', /key must be/],
    ['{#a/b}', /key must be/],
    ['{#a #b}', /key is given twice/],
    ['{priority=1 priority=2}', /priority is given twice/],
    ['{after=}', /after must be/],
    ['{after=a,,b}', /after must be/],
    ['{after=#0}', /after must be/],
    ['{#__proto__}', /key must be/],
  ])('refuse %s', (attributes, message) => {
    const error = refusal(() => parse(`\n- task ${attributes}\n`))
    expect(`${error.message} ${error.hint}`).toMatch(message)
  })
})

describe('a Markdown file is refused', () => {
  it.each<[string, RegExp]>([
    ['Only text.\n', /:1: The file holds no tasks/],
    ['- [x] a\n- [X] b\n', /ticked off/],
    ['- a\n-\n', /:2: This list item does not begin/],
    ['- a\n- ```\n  x\n  ```\n', /:2: This list item does not begin/],
    ['- - a\n', /:1: This list item does not begin/],
    ['- [ ]\n', /:1: The subject is empty/],
    ['- {#a}\n', /:1: The subject is empty/],
    ['## \n## b\n', /:1: The subject is empty/],
    ['---\ntitle: x\n---\n- a\n', /:1: The file begins with front matter/],
    ['### a\n## b\n## c\n', /:1: This heading stands before the tasks/],
    ['a\nb\n===\n\nc\n===\n', /:1: The subject holds a line break/],
    [`- ${'a'.repeat(201)}\n`, /:1: The subject is longer/],
    [`- a\n\n- b\n\n  ${'x'.repeat(100 * 1024)}y\n`, /:3: The description is larger/],
    ['- a\n\n  \u001b[31m\n', /:1: The description holds a control/],
  ])('%#', (text, message) => {
    expect(refusal(() => parse(text)).message).toMatch(message)
  })
})
