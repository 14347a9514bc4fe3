import { readFileSync } from 'node:fs'

/**
 * Mount points below `root`, relative to it, latin1. A bind mount of the same file system has the same device number,
 * so the kernel is asked; empty where it cannot be (not Linux). Format: proc_pid_mountinfo(5).
 */
export function mountsBelow(root: string): Set<string> {
  let table: string
  try {
    table = readFileSync('/proc/self/mountinfo', 'latin1')
  } catch {
    return new Set()
  }
  const mounts = new Set<string>()
  for (const line of table.split('\n')) {
    const point = (line.split(' ', 5)[4] ?? '').replace(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    )
    if (point.startsWith(`${root}/`)) mounts.add(point.slice(root.length + 1))
  }
  return mounts
}
