import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { removeLocksInside } from '../../src/host/git/dead-locks.ts'
import { temporaryDirectory } from '../fixtures/repository.ts'

test('locks in a git directory that a lane wrote go, and nothing that its links lead to', async () => {
  const top = temporaryDirectory()
  onTestFinished(() => rmSync(top, { recursive: true }))
  const place = (path: string): string => join(top, path)
  const locks = ['git/HEAD.lock', 'git/refs/heads/a/b.lock']
  const others = ['person/yarn.lock', 'person/app/poetry.lock', 'git/objects/pack/x.lock', 'git/refs/heads/x']
  for (const path of [...locks, ...others]) {
    mkdirSync(dirname(place(path)), { recursive: true })
    writeFileSync(place(path), '')
  }
  symlinkSync(place('person'), place('git/logs'))
  symlinkSync(place('person'), place('git/refs/link'))
  symlinkSync(place('person/yarn.lock'), place('git/index.lock'))
  await removeLocksInside(place('git'))
  expect([...locks, 'git/index.lock'].filter((path) => existsSync(place(path)))).toEqual([])
  expect(others.filter((path) => !existsSync(place(path)))).toEqual([])
})
