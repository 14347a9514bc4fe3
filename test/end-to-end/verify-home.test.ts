import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { contentOf, worklane } from '../fixtures/cli.ts'
import { makeRepository } from '../fixtures/repository.ts'

process.env.WORKLANE_SANDBOX = 'walls'

const VERIFY = `git config --global filter.x.clean 'touch /tmp/ran; cat'
git config --global filter.x.smudge 'touch /tmp/ran; cat'
touch /tmp/verified`

test('git of ours in the verify checkout reads nothing that the checks left in HOME', async () => {
  using repository = makeRepository({ 'verify.sh': VERIFY, 'a.txt': 'a', '.gitattributes': '*.txt filter=x' })
  const { root } = repository
  for (const name of ['one', 'two'])
    await worklane(root, 'run', name, '--command', `echo ${name} >> a.txt`, '--verify', 'sh verify.sh')
  expect(contentOf(root, 'a.txt')).toBe('aone\ntwo\n')
  const seen = ['verified', 'ran'].map((name) =>
    existsSync(join(root, '.git/worklane/verify/0.room/tmp', name)),
  )
  expect(seen).toEqual([true, false])
})
