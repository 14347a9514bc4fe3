import { readdirSync, readlinkSync } from 'node:fs'

/** Other processes that have a file open, as far as we may look (proc(5)); none where there is no /proc. */
export function processesWithOpen(path: string): number[] {
  return names('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => names(`/proc/${pid}/fd`).some((fd) => target(`/proc/${pid}/fd/${fd}`) === path))
    .map(Number)
}

function names(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

function target(link: string): string {
  try {
    return readlinkSync(link)
  } catch {
    return ''
  }
}
