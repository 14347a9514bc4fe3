import xterm from '@xterm/headless'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { programName } from '../../src/board/program-name.ts'
import { elapsed } from '../../src/doors/cli/live/elapsed.ts'
import { cell, cutLine, lineText } from '../../src/doors/cli/live/line.ts'
import { cut, pad, padStart, plainText, width } from '../../src/doors/cli/live/terminal-text.ts'
import { headline, reasonAndFiles } from '../../src/doors/cli/live/wording.ts'

const anyText = fc.string({ unit: 'binary', maxLength: 60 })

describe('text by others', () => {
  test.each([
    ['\x1b[31mred\x1b[0m text', 'red text'],
    ['\x1b]0;title\x07after', 'after'],
    ['\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\', 'link'],
    ['one\r\ntwo\tthree\u2028four', 'one two three four'],
    ['a\x00\x08\x7f\u0085b', 'ab'],
    ['\u202eabc\u2066\u200b\ufeff', 'abc'],
    ['half \x1b[', 'half ['],
    ['c1 \x9b2J', 'c1'],
    ['lone \ud83d half', 'lone \ufffd half'],
    ['👩‍👩‍👧 👍🏽 ❤️ 1️⃣ 🇩🇪', '👩👩👧 👍 ❤ 1 DE'],
    ['한', '한'],
  ])('%j becomes %j', (text, safe) => {
    expect(plainText(text)).toBe(safe)
  })

  test('is one harmless line, whatever it was, and stays so when taken again', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyText,
          anyText.map((text) => `\x1b[${text}\x9b`),
        ),
        (text) => {
          const safe = plainText(text)
          expect(safe).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
          expect(plainText(safe)).toBe(safe)
        },
      ),
    )
  })

  test('a megabyte of it costs no more than a line', () => {
    expect(plainText('x'.repeat(1_000_000)).length).toBeLessThan(5000)
  })
})

describe('cutting', () => {
  test('never takes more columns than there are, and padding takes exactly these', () => {
    fc.assert(
      fc.property(anyText.map(plainText), fc.integer({ min: 0, max: 30 }), (text, columns) => {
        expect(width(cut(text, columns))).toBeLessThanOrEqual(columns)
        expect(width(pad(text, columns))).toBe(columns)
        expect(width(padStart(text, columns))).toBe(columns)
        const line = [cell(text, 'dim'), cell('  '), cell(text, 'bad')]
        expect(width(lineText(cutLine(line, columns)))).toBeLessThanOrEqual(columns)
      }),
    )
  })

  test.each([
    ['日本語', 6, '日本語'],
    ['日本語', 5, '日本…'],
    ['日本語', 4, '日…'],
    ['日本語', 1, '…'],
    ['👩👩👩', 3, '👩…'],
    ['abc', 0, ''],
  ])('%s to %i columns is %j', (text, columns, expected) => {
    expect(cut(text, columns)).toBe(expected)
  })

  test('a line shows where more was to come, also when a piece of it fits exactly', () => {
    const line = [cell('abcd'), cell('efgh', 'dim')]
    expect(cutLine(line, 8)).toEqual(line)
    expect(cutLine(line, 6)).toEqual([cell('abcd'), cell('e…', 'dim')])
    expect(cutLine(line, 4)).toEqual([cell('abc…')])
  })

  test('a terminal agrees: what was cut to its width never reaches the next line', async () => {
    const columns = 20
    const screen = new xterm.Terminal({ cols: columns, rows: 1000, allowProposedApi: true })
    const family = '👩‍👩‍👧‍👦🇩🇪👍🏽❤️1️⃣'
    const emoji = [
      '日本語',
      '한국어',
      'ไทยภาษา',
      'हिन्दी',
      'é\u0301\u0302',
      '⚠️',
      '🏳️‍🌈',
      family,
      '①Ⅳ※',
      'ｱﾞ',
      'ｶﾞ',
    ]
    const texts = emoji.map((part) => cut(plainText(`${part.repeat(30)}`), columns))
    await new Promise<void>((resolve) => screen.write(texts.map((text) => `${text}\r\n`).join(''), resolve))
    const { active } = screen.buffer
    const shown = texts.map((_, at) => active.getLine(at)?.translateToString(true))
    expect(shown).toEqual(texts)
    expect(active.cursorY).toBe(texts.length)
  })
})

test.each([
  [-5, '0s'],
  [999, '0s'],
  [59_999, '59s'],
  [60_000, '1m00s'],
  [185_000, '3m05s'],
  [3_599_999, '59m59s'],
  [3_720_000, '1h02m'],
  [360_000_000, '100h00m'],
])('%i ms is %s', (milliseconds, expected) => {
  expect(elapsed(milliseconds)).toBe(expected)
})

test.each([
  ['claude -p --model x', 'claude'],
  ['/usr/local/bin/codex exec', 'codex'],
  ['TOKEN=secret OTHER="a b" claude -p', 'claude'],
  ['env TOKEN=secret nice -n 5 claude', 'claude'],
  ['npx -y @scope/agent-cli@1 --yes', 'agent-cli@1'],
  ['node scripts/agent.mjs --task', 'agent.mjs'],
  ['sh -c "cat > prompt; exit 0"', 'cat'],
  [`bash -c 'KEY=x /opt/claude -p "do it"'`, 'claude'],
  ['./agent.sh', 'agent.sh'],
  ['node', 'node'],
  ['"/opt/my tools/agent" run', 'agent'],
  ['\x1b[31mevil\x07 -x', 'sh'],
  ['node -e "const x = 1; x()"', 'node'],
  ['bash -lc \'cd sub && exec claude -p "$(cat)"\'', 'claude'],
  ['cd sub && claude -p', 'claude'],
  ['cd sub\nclaude -p', 'claude'],
  ['(setsid sleep 300 &)', 'sleep'],
  ['{ claude -p; }', 'claude'],
  ['export KEY=secret; exec env -i X=1 timeout 5m claude', 'claude'],
  ['PROMPT="$(cat; echo)" claude -p "$PROMPT"', 'claude'],
  ['PROMPT=$(cat) claude -p "$PROMPT"', 'claude'],
  ['. ./env.sh && [ -f x ] || if true; then codex; fi', 'codex'],
  ['<in.txt 2>&1 claude', 'claude'],
  ['$AGENT run', 'sh'],
  [`"\${AGENT:-claude}" run`, 'sh'],
  ['exit 3', 'sh'],
  ['', 'sh'],
])('the program of %j is %s', (command, expected) => {
  expect(programName(command)).toBe(expected)
})

test.each([
  ['The check failed.\n\n  line of a log', 'The check failed.'],
  ['It conflicts, in:\n\n- a.ts\n- b.ts\n\nRun git merge.', 'It conflicts, in: a.ts, b.ts'],
  [
    'Merged with main, `x` failed (twice). The end of its output:\n\n```\n- a\n```',
    'Merged with main, `x` failed (twice).',
  ],
  ['\n\nfirst', 'first'],
  ['only a colon:', 'only a colon:'],
  ['', ''],
])('the headline of %j is %j', (reason, expected) => {
  expect(headline(reason)).toBe(expected)
})

test('files follow the reason unless it names them, and many are counted', () => {
  expect(reasonAndFiles('in the way', ['a', 'b'])).toBe('in the way: a, b')
  expect(reasonAndFiles('in the way: a.ts', ['a.ts'])).toBe('in the way: a.ts')
  expect(reasonAndFiles(null, ['a.ts'])).toBe('a.ts')
  expect(reasonAndFiles('why', [])).toBe('why')
  expect(reasonAndFiles(null, ['1', '2', '3', '4', '5', '6', '7'])).toBe('1, 2, 3, 4, 5 and 2 more')
  expect(reasonAndFiles('x', ['\x1b[2Jevil\n'])).toBe('x: evil')
})
