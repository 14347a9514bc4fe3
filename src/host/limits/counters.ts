import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A file with one number; 0 where there is no such file. */
export function readCount(directory: string | undefined, name: string): number {
  return Number.parseInt(readIfThere(directory, name), 10) || 0
}

/** The number behind `key` in a file of lines `key number`; 0 where there is none. */
export function readField(directory: string | undefined, name: string, key: string): number {
  const line = readIfThere(directory, name)
    .split('\n')
    .find((text) => text.startsWith(`${key} `))
  return line === undefined ? 0 : Number(line.slice(key.length + 1)) || 0
}

/** Numbers of the processes in a group. */
export function readPids(directory: string): number[] {
  return readIfThere(directory, 'cgroup.procs').split('\n').filter(Boolean).map(Number)
}

/** The group or the counter is not there (any more), which tells nothing about a run. */
function readIfThere(directory: string | undefined, name: string): string {
  if (directory === undefined) return ''
  try {
    return readFileSync(join(directory, name), 'latin1')
  } catch {
    return ''
  }
}
