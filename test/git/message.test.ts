import { expect, test } from 'vitest'
import { composeMessage } from '../../src/host/git/message.ts'

test('subject, body and trailers each have their place', async () => {
  expect(await composeMessage({ subject: 'One\nline', body: '', trailers: [] })).toBe('One line\n')
  expect(await composeMessage({ subject: 'S', body: '\nBody.\n', trailers: [['K', 'a\nb']] })).toBe(
    'S\n\nBody.\n\nK: a b\n',
  )
})

test('trailers join those of the body, once each, and come after whatever the body ends with', async () => {
  const trailers = [
    ['Signed-off-by', 'A <a@b>'],
    ['X', 'y'],
  ] as const
  expect(await composeMessage({ subject: 'fix: it', body: 'Signed-off-by: A <a@b>', trailers })).toBe(
    'fix: it\n\nSigned-off-by: A <a@b>\nX: y\n',
  )
  expect(await composeMessage({ subject: 'S', body: 'text\n---\n# 12', trailers: [['X', 'y']] })).toBe(
    'S\n\ntext\n---\n# 12\n\nX: y\n',
  )
})
