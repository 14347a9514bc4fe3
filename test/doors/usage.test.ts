import { describe, expect, it } from 'vitest'
import { parse } from '../../src/doors/cli/parse.ts'

async function said(...argv: readonly string[]): Promise<string> {
  const parsed = await parse(argv)
  return parsed.kind === 'usage' ? `${parsed.message} ${parsed.hint}` : parsed.kind
}

async function text(...argv: readonly string[]): Promise<string> {
  const parsed = await parse(argv)
  return parsed.kind === 'text' ? parsed.text : parsed.kind
}

describe('bad words on the command line', () => {
  it.each<[readonly string[], RegExp]>([
    [['run', '--jobs', '0'], /^--jobs must be a whole number from 1 to 1000\. See: worklane run --help$/],
    [['run', '--jobs'], /^--jobs needs a value\./],
    [['claim', '--as', ''], /^--as must not be empty\./],
    [['claim', '--as', 'a'.repeat(101)], /^--as must have at most 100 characters\./],
    [['claim', '--as', 'a\u001b[2J'], /^--as must be one line of plain text\./],
    [['claim', '--as', 'a', '--as', 'b'], /^--as is given twice: "a" and "b"\./],
    [['claim', 'x', '--as', 'a'], /^ID must be a task number, such as 7\./],
    [['task', 'add'], /^SUBJECT is missing\./],
    [['task', 'add', 'a', 'b'], /^"b" is one word too many\. Put text of several words in quotes\./],
    [['task', 'add', 'a', '--time-limit', '3x'], /^--time-limit: "3x" is not a duration with a unit\./],
    [['task', 'add', 'a', '--touches', '[a'], /^--touches: must close its brackets\./],
    [['task', 'add', '-z'], /^-z is not a flag of this command\./],
    [['run', '--command', 'x', '-j1'], /^"-j1" begins with a dash and is no flag .*\. Write -j 1\./],
    [['task', 'add', '-j1'], /^"-j1" begins with a dash/],
    [['shell', '7', '-j1', '--', '-x'], /^"-j1" begins with a dash/],
    [['run', '--verfy', 'x'], /^--verfy is not a flag of this command\. Did you mean --verify\?/],
    [['clam'], /^"clam" is not a command of Worklane\. Did you mean `?claim`?\?/],
    [['retry'], /Did you mean task retry\?/],
    [['show', '3'], /Did you mean task show or lane show or archive show\?/],
    [['cancel', '3'], /Did you mean task cancel\?/],
    [['add', 'x'], /Did you mean task add\?/],
    [['pause'], /Did you mean landing pause\?/],
    [['lane', 'cancel'], /Did you mean task cancel\?/],
    [['task', 'ad', 'x'], /Did you mean `?add`?\?/],
    [['status', '--json=maybe'], /^--json takes no value such as "maybe"\./],
    [['\u001b[2J\u202e'], /^"\\u\{1b\}\[2J\\u\{202e\}" is not a command/],
  ])('%j', async (argv, sentence) => {
    expect(await said(...argv)).toMatch(sentence)
  })
})

it('what begins with a dash is a word behind --', async () => {
  const parsed = await parse(['run', 'a', '--', '-j1', '--x'])
  expect(parsed).toMatchObject({ asked: { input: { what: ['a', '-j1', '--x'] } } })
})

describe('help', () => {
  it('is the same as a word and as a flag', async () => {
    expect(await text('help')).toBe(await text('--help'))
    expect(await text('help', 'task', 'add')).toBe(await text('task', 'add', '--help'))
    expect(await text('help', 'claim')).toContain('worklane claim --as ann')
    expect(await said('help', 'nothing')).toMatch(/^"nothing" is not a command of Worklane\./)
  })

  it('says of each group what it is about', async () => {
    const groups = (await text('--help')).matchAll(/^ {2}(task|lane|landing|archive|sandbox) +(.*)$/gm)
    for (const [, name, about] of groups) expect(about).not.toBe(name)
    expect(await text('landing', '--help')).toContain('The landing queue: what waits to land')
  })
})
