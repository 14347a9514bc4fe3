import { describe, expect, it } from 'vitest'
import { type Evidence, judge } from '../../../src/board/run.ts'

const evidence: Evidence = {
  commits: 1,
  exitCode: 0,
  signal: null,
  timedOut: false,
  stopRequested: false,
  limit: null,
  checks: null,
  allowEmpty: false,
  unfinished: null,
  undone: null,
  inner: null,
  missing: null,
}

describe('judge', () => {
  it.each<[string, Partial<Evidence>, string]>([
    ['commits and a clean exit', {}, 'completed'],
    ['an agent that says done without a commit', { commits: 0 }, 'failed'],
    ['no change where none is needed', { commits: 0, allowEmpty: true }, 'no_change'],
    ['a crash where no change is needed', { commits: 0, allowEmpty: true, exitCode: 1 }, 'failed'],
    ['a bad exit code and green checks', { exitCode: 1, checks: { green: true, failed: '' } }, 'completed'],
    ['a bad exit code and no checks', { exitCode: 1 }, 'failed'],
    ['a clean exit and red checks', { checks: { green: false, failed: 'npm test' } }, 'failed'],
    ['killed by a signal, no checks', { exitCode: null, signal: 'SIGKILL' }, 'failed'],
    ['an unfinished rebase', { unfinished: 'rebase' }, 'failed'],
    ['a merge that takes away what others did', { undone: 'It does.' }, 'failed'],
    ['work in a repository inside', { inner: 'There is.' }, 'failed'],
    ['the time limit', { timedOut: true }, 'timed_out'],
    ['a stop that was asked for', { stopRequested: true, timedOut: true }, 'stopped'],
    ['a command that is not there', { commits: 0, exitCode: 127 }, 'failed'],
  ])('%s', (_, change, outcome) => expect(judge({ ...evidence, ...change }).outcome).toBe(outcome))

  it.each([126, 127])(
    'says what an exit with %i without work is, and that another attempt is no use',
    (exitCode) => {
      const verdict = judge({ ...evidence, commits: 0, exitCode })
      expect(verdict).toMatchObject({ hopeless: true, detail: expect.stringContaining('absolute path') })
      expect(judge({ ...evidence, exitCode }).hopeless).toBeUndefined()
    },
  )

  it('tells of programs that were killed for want of memory, also where the work succeeded', () => {
    const limit = { limit: 'memory', text: 'The memory limit was reached.', ended: false } as const
    expect(judge({ ...evidence, limit })).toEqual({
      outcome: 'completed',
      detail: '1 commit. The memory limit was reached.',
    })
    expect(judge({ ...evidence, limit: { ...limit, limit: 'files' } }).detail).toBe('1 commit.')
    expect(judge({ ...evidence, limit, stopRequested: true }).detail).toBe('Stopped on request.')
  })

  it('names the program that the machine does not have', () => {
    const verdict = judge({ ...evidence, commits: 0, exitCode: 127, missing: 'nosuchagent' })
    expect(verdict).toMatchObject({ outcome: 'failed', hopeless: true })
    expect(verdict.detail).toMatch(
      /There is no program nosuchagent on your PATH: install it, or give another/,
    )
    expect(verdict.detail).not.toContain('commit the command')
  })
})
