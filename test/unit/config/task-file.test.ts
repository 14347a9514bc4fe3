import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseTaskFile, readTaskFile } from '../../../src/config/task-file.ts'
import { temporaryDirectory } from '../../fixtures/repository.ts'
import { laterRefusal, refusal } from './refusal.ts'

const BARE = {
  key: null,
  description: '',
  priority: 0,
  after: [],
  command: null,
  checks: [],
  touches: [],
  attempts: null,
  timeLimit: null,
  network: null,
  allowEmpty: false,
  review: false,
}

describe('a YAML file', () => {
  it('is a list of subjects and mappings', () => {
    const text = `- Add a page
- subject: Add a schema
  description: |
    Two tables.

    - users
  key: schema
  after: [page, "#12"]
  priority: -3
  command: ./agent --fast
  checks: [npm test, npm run lint]
  touches: [src/**, README.md]
  attempts: 2
  timeLimit: 45m
  network: off
  allowEmpty: true
  review: true
- { subject: "Page: \\"quoted\\" {#x}", key: page, checks: npm test }
- subject: Last
  after: schema
  key:
`
    expect(parseTaskFile('tasks.yaml', text)).toEqual([
      { ...BARE, subject: 'Add a page', line: 1 },
      {
        subject: 'Add a schema',
        description: 'Two tables.\n\n- users\n',
        key: 'schema',
        after: ['page', '#12'],
        priority: -3,
        command: './agent --fast',
        checks: ['npm test', 'npm run lint'],
        touches: ['src/**', 'README.md'],
        attempts: 2,
        timeLimit: 2_700_000,
        network: { mode: 'off' },
        allowEmpty: true,
        review: true,
        line: 2,
      },
      { ...BARE, subject: 'Page: "quoted" {#x}', key: 'page', checks: ['npm test'], line: 18 },
      { ...BARE, subject: 'Last', after: ['schema'], line: 19 },
    ])
  })

  it.each([
    'tasks: [a]\n',
    '# tasks\n\n- a\n',
    '[a]',
    '{"tasks": ["a"]}',
    '{\n\t"tasks": [\n\t\t{"subject": "\\u0061"}\n\t]\n}',
  ])('may be %j', (text) => {
    for (const name of ['x.yaml', 'x.YML', 'x.json'])
      expect(parseTaskFile(name, text).map((task) => task.subject)).toEqual(['a'])
  })

  it('may share parts by anchors, within reason', () => {
    const text = '- { subject: a, checks: &checks [x, y] }\n- { subject: b, checks: *checks }\n'
    expect(parseTaskFile('x.yaml', text)[1]?.checks).toEqual(['x', 'y'])
  })

  it.each<[string, RegExp]>([
    ['- subject: a\n- subjct: b\n', /x\.yaml:2: "subjct" is not known here\. Did you mean subject\?/],
    ['- description: a\n', /:1: subject must be text and is missing/],
    ['- 42\n', /:1: A task, where it is not text, must be a mapping/],
    ['- a\n- \n', /:2: A task, where it is not text/],
    ['- subject: 42\n', /subject must be text; it is 42/],
    ['tasks: a\n', /tasks must be a list of tasks/],
    ['tusks: [a]\n', /"tusks" is not known/],
    ['tasks: [a]\nother: 1\n', /:2: "other" is not known/],
    ['42\n', /The file, where it is not a list, must be a mapping/],
    ['[]', /holds no tasks/],
    ['tasks: []', /holds no tasks/],
    ['tasks:', /holds no tasks/],
    ['null', /holds no tasks/],
    ['- subject: a\n  subject: b\n', /:2: The key "subject" stands here twice/],
    ['- subject: a\n  priority: high\n', /:2: priority must be a whole number/],
    ['- { subject: a, priority: 1.5 }', /priority/],
    ['- { subject: a, attempts: 0 }', /attempts/],
    ['- { subject: a, timeLimit: 30 }', /timeLimit must be a duration/],
    ['- { subject: a, review: yes }', /review must be true or false/],
    ['- { subject: a, after: [12] }', /after\[0\] must be .*"#12"; it is 12/],
    ['- { subject: a, after: [[b]] }', /after\[0\]/],
    ['- { subject: a, key: 7 }', /key must be a name/],
    ['- { subject: a, key: "7" }', /key must be a name/],
    ['- { subject: a, command: "" }', /command must be a shell command/],
    ['- { subject: a, checks: [1] }', /checks\[0\] must be a shell command/],
    ['- { subject: a, description: [x] }', /description must be text; it is a list/],
    ['- "a\\nb"\n', /:1: The subject holds a line break/],
    ['- "a\\0b"\n', /:1: The subject holds a line break or another control/],
    ['- { subject: a, __proto__: { review: true } }', /"__proto__" is not known/],
    ['- &a [*a]\n', /must be a mapping/],
    ['- *a\n', /names no anchor/],
    ['- <<: *a\n', /names no anchor/],
    ['- &a { subject: x }\n- { <<: *a }\n', /:2: "<<" is not known/],
    ['- !!js/function "f"\n', /tags/],
    ['- !include /etc/passwd\n', /tags/],
    ['- a\n---\n- b\n', /:2: A second YAML document/],
    ['- ? [a]\n  : b\n', /:1: The YAML cannot be read/],
    ['- [a\n', /The YAML cannot be read/],
    ['- "a\n', /The YAML cannot be read/],
    ['{"a":1}{"b":2}', /The YAML cannot be read/],
  ])('%j is refused', (text, message) => {
    const error = refusal(() => parseTaskFile('x.yaml', text))
    expect(`${error.message} ${error.hint}`).toMatch(message)
  })
})

describe('a text file', () => {
  it('has a subject on each line that is not empty, word for word', () => {
    const text = 'Add a page {#x}\r\n\r\n  # not a heading \n- not an item\n'
    for (const name of ['todo.txt', 'TODO', '-', '.tasks', '/dev/fd/63'])
      expect(parseTaskFile(name, text).map(({ subject, line }) => [subject, line])).toEqual([
        ['Add a page {#x}', 1],
        ['# not a heading', 3],
        ['- not an item', 4],
      ])
  })
})

describe('any task file is refused', () => {
  it.each<[string, string, RegExp]>([
    ['tasks.docx', 'a', /is not a kind of task file/],
    ['tasks.toml', 'a', /is not a kind of task file/],
    ['tasks.md', '', /tasks\.md:1: The file is empty/],
    ['tasks.yaml', ' \n', /tasks\.yaml:1: The file is empty/],
    ['tasks.json', '', /The file is empty/],
    ['tasks', '\n\n', /The file is empty/],
    ['tasks.txt', 'a\nb\0\n', /tasks\.txt:2: The file holds a NUL/],
    ['tasks.txt', 'x\n'.repeat(10_001), /tasks\.txt:10001: The file holds more than 10000 tasks/],
    ['tasks.md', '- x\n'.repeat(10_001), /tasks\.md:10001: The file holds more than 10000 tasks/],
    ['tasks.yaml', '- x\n'.repeat(10_001), /tasks\.yaml:10001: The file holds more than 10000 tasks/],
    ['tasks.txt', 'x'.repeat(5 * 2 ** 20 + 1), /larger than 5 MiB/],
    ['a\u001b[2J\u202eb', 'a\u0007', /^a\\u\{1b\}\[2J\\u\{202e\}b:1: The subject/],
    ['x.md', '- a {#a}\n- b {#a}\n', /x\.md:2: The key "a" is already that of line 1/],
    ['x.md', '- a {#a}\n- b {after=c}\n', /x\.md:2: The task waits for "c", which is not the key/],
    ['x.md', '- a {#a after=a}\n', /x\.md:1: The task waits for itself/],
    ['x.md', '- z\n- a {#a after=b}\n- b {#b after=c}\n- c {#c after=a}\n', /x\.md:2: .*a → b → c → a\./],
    ['x.md', '- behind {after=a}\n- a {#a after=b}\n- b {#b after=a}\n', /x\.md:2: .*a → b → a\./],
    ['x.yaml', '- { subject: a, key: constructor }\n- { subject: b, after: toString }\n', /"toString"/],
  ])('%s %#', (name, text, message) => {
    expect(refusal(() => parseTaskFile(name, text)).message).toMatch(message)
  })

  it('not for a diamond of dependencies, repeats, or a number of the board', () => {
    const text = '- a {#a}\n- b {#b after=a}\n- c {#c after=a,a,#7}\n- d {after=b,c,#7}\n'
    expect(parseTaskFile('x.md', text).map((task) => task.after)).toEqual([
      [],
      ['a'],
      ['a', '#7'],
      ['b', 'c', '#7'],
    ])
  })

  it('not for ten thousand tasks in one chain', () => {
    const chain = Array.from(
      { length: 10_000 },
      (_, n) => `- t${n} {#k${n}${n === 0 ? '' : ` after=k${n - 1}`}}\n`,
    )
    const tasks = parseTaskFile('x.md', chain.reverse().join(''))
    expect([tasks.length, tasks[0]?.after]).toEqual([10_000, ['k9998']])
  })
})

describe('readTaskFile', () => {
  let root = ''
  beforeAll(() => {
    root = temporaryDirectory()
  })
  afterAll(() => rmSync(root, { recursive: true, force: true }))

  function write(name: string, bytes: Buffer | string): string {
    const path = join(root, name)
    writeFileSync(path, bytes)
    return path
  }

  it('reads a file', async () => {
    const tasks = await readTaskFile(write('a.md', '\uFEFF- grün\n'))
    expect(tasks.map((task) => task.subject)).toEqual(['grün'])
  })

  it.each<[string, Buffer | string, RegExp]>([
    ['latin1.md', Buffer.from('- a\n- gr\xfcn\n', 'latin1'), /latin1\.md:2: The file is not valid UTF-8/],
    ['overlong.txt', Buffer.from([0x61, 0x0a, 0x0a, 0xc0, 0xaf]), /overlong\.txt:3: .*UTF-8/],
    ['surrogate.txt', Buffer.from([0xed, 0xa0, 0x80]), /surrogate\.txt:1: .*UTF-8/],
    ['cut.txt', Buffer.from([0x61, 0x0a, 0xe2, 0x82]), /cut\.txt:2: .*UTF-8/],
    ['utf16.txt', Buffer.from('\uFEFFa', 'utf16le'), /utf16\.txt:1: .*UTF-8/],
    ['nul.md', '- a\n- b\0\n', /nul\.md:2: The file holds a NUL/],
    ['large.md', Buffer.alloc(5 * 2 ** 20 + 1, 'a'), /large\.md:1: The file is larger than 5 MiB/],
  ])('refuses %s', async (name, bytes, message) => {
    expect((await laterRefusal(readTaskFile(write(name, bytes)))).message).toMatch(message)
  })

  it('refuses what is not there, a directory, and what never ends', async () => {
    expect((await laterRefusal(readTaskFile(join(root, 'none.md')))).message).toMatch(/There is no file/)
    expect((await laterRefusal(readTaskFile(root))).message).toMatch(/is a directory/)
    expect((await laterRefusal(readTaskFile(join(write('f', 'x'), 'y')))).message).toMatch(
      /cannot be read: part of its path is no directory/,
    )
    expect((await laterRefusal(readTaskFile('/dev/zero'))).message).toMatch(/larger than 5 MiB/)
  })

  it('reads a pipe', () => {
    const module = new URL('../../../src/config/task-file.ts', import.meta.url).href
    const script = `const { readTaskFile } = await import(${JSON.stringify(module)})
      console.log((await readTaskFile('/dev/stdin')).map((task) => task.subject).join())`
    const command = 'printf "one\\ntwo\\n" | "$0" --no-warnings --input-type=module --eval "$1"'
    expect(execFileSync('sh', ['-c', command, process.execPath, script], { encoding: 'utf8' })).toBe(
      'one,two\n',
    )
  })
})
