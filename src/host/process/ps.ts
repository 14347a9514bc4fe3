import { Fault } from '../fault.ts'
import type { ProcessRow } from './table.ts'

/**
 * The process table of macOS, which has no /proc. Written from ps(1) and sysctl(3) of macOS. Process groups stand in
 * for sessions: ps shows no session ids there.
 */

/** Start time as ps prints it, to the second; null when there is no such process. */
export function psStart(pid: number): { start: string; ended: boolean } | null {
  const text = run('ps', ['-o', 'lstart=,state=', '-p', `${pid}`]).trim()
  const match = /^(.*\S)\s+(\S+)$/.exec(text)
  if (match === null) return null
  return { start: spaced(match[1] ?? ''), ended: (match[2] ?? '').startsWith('Z') }
}

/** A new value at each start of the machine. (kern.boottime would change whenever somebody sets the clock.) */
export function sysctlBoot(): string {
  return run('sysctl', ['-n', 'kern.bootsessionuuid']).trim()
}

export function psTable(token: string): ProcessRow[] {
  const columns = 'pid=,ppid=,pgid=,lstart=,state=,command='
  return parsePsTable(run('ps', ['-axww', '-E', '-o', columns]), token)
}

/** `-E` appends the environment to the command, parted by spaces. */
export function parsePsTable(text: string, token: string): ProcessRow[] {
  const line = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+\s+\S+\s+\S+\s+\S+\s+\d{4})\s+(\S+)\s*(.*)$/
  return text.split('\n').flatMap((each) => {
    const [, pid, parent, group, start = '', state = '', command = ''] = line.exec(each) ?? []
    if (pid === undefined || state.startsWith('Z')) return []
    return [
      {
        pid: Number(pid),
        parent: Number(parent),
        session: Number(group),
        start: spaced(start),
        tagged: ` ${command} `.includes(` WORKLANE_RUN=${token} `),
      },
    ]
  })
}

function spaced(text: string): string {
  return text.trim().replace(/\s+/g, ' ')
}

function run(program: string, args: readonly string[]): string {
  // Not imported: loading it costs 3 ms of the command line's start, and Linux never needs it here.
  const { spawnSync } = process.getBuiltinModule('node:child_process')
  const answer = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', TZ: 'UTC' },
  })
  // ps exits with 1 when it found none.
  if (answer.error === undefined && (answer.status === 0 || answer.status === 1)) return answer.stdout
  throw new Fault(`${program} failed.`, { retry: 'later', cause: answer.error })
}
