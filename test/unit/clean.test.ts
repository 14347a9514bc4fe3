import { expect, it } from 'vitest'
import { clean, cleanJson } from '../../src/doors/cli/clean.ts'

it.each([
  ['\u001b]0;owned\u0007title', 'title'],
  ['a\u001b[2Jb\nc\td', 'ab\nc\td'],
  ['\u0008\u0008rub\r out', 'rub out'],
  ['evil\u202Etxt.exe', 'eviltxt.exe'],
  ['Ünïcode 日本', 'Ünïcode 日本'],
])('%j → %j', (text, expected) => expect(clean(text)).toBe(expected))

it('JSON of what would steer a terminal is escaped, and means the same', () => {
  const value = { 'a\u009b': 'evil\u202etxt.exe\u007f\u001b日本' }
  expect(cleanJson(value)).toBe('{"a\\u009b":"evil\\u202etxt.exe\\u007f\\u001b日本"}')
  expect(JSON.parse(cleanJson(value))).toEqual(value)
})
