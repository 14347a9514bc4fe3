import { expect, it } from 'vitest'
import { clean } from '../../src/doors/cli/clean.ts'

it.each([
  ['\u001b]0;owned\u0007title', 'title'],
  ['a\u001b[2Jb\nc\td', 'ab\nc\td'],
  ['\u0008\u0008rub\r out', 'rub out'],
  ['evil\u202Etxt.exe', 'eviltxt.exe'],
  ['Ünïcode 日本', 'Ünïcode 日本'],
])('%j → %j', (text, expected) => expect(clean(text)).toBe(expected))
