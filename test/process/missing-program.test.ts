import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { missingProgram } from '../../src/host/process/missing-program.ts'
import { temporaryDirectory } from '../fixtures/repository.ts'

let top = ''
beforeEach(() => {
  top = temporaryDirectory()
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(top, { recursive: true })
})

it('names what no shell finds, and nothing that it knows itself', async () => {
  const missing = async (command: string): Promise<string | null> => await missingProgram(command, '/')
  expect(await missing('nosuchagent -p')).toBe('nosuchagent')
  for (const known of ['sh -c x', 'cd sub', 'exec x', 'exit 0', 'test -f x', 'if x', 'while x', 'export X=1'])
    expect(await missing(known), known).toBeNull()
})

it('is silent in doubt: a file of that name, and a directory on PATH that each lane has for itself', async () => {
  writeFileSync(join(top, 'agent'), '')
  expect(await missingProgram('agent', top)).toBeNull()
  mkdirSync(join(top, 'bin'))
  writeFileSync(join(top, 'bin/nosuchagent'), '', { mode: 0o755 })
  vi.stubEnv('PATH', `${process.env.PATH}:${join(top, 'bin')}`)
  expect(await missingProgram('nosuchagent', top)).toBeNull()
  for (const path of ['node_modules/.bin:/usr/bin', '/usr/bin:', '']) {
    vi.stubEnv('PATH', path)
    expect(await missingProgram('othernosuch', top), path).toBeNull()
  }
})
