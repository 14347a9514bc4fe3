import { readdirSync, readFileSync, statSync } from 'node:fs'
import { processTable } from '../process/table.ts'
import { selectTree, type TreeRoot } from '../process/tree.ts'

/** What the processes of a run use together; found by their mark, where no group counts for us. */
export interface TreeUsage {
  /** Bytes in memory; what several share counts for each, so it is never too little. */
  readonly memory: number
  readonly processes: number
}

/** The processes of a run, by its mark. Costs about 0.05 ms per process of the machine. */
export function treePids(token: string, root: TreeRoot = {}): number[] {
  return selectTree(processTable(token), root, process.pid).map(({ pid }) => pid)
}

export function usageOf(pids: readonly number[]): TreeUsage {
  return { memory: pids.reduce((sum, pid) => sum + residentMemory(pid), 0), processes: pids.length }
}

/** 0 for one that has ended, or that is not ours to look into. */
function residentMemory(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}

/** Open files of the process that has the most; 0 where the system does not say. */
export function mostFilesOf(pids: readonly number[]): number {
  return pids.reduce((most, pid) => Math.max(most, openFiles(pid)), 0)
}

/** Linux tells by the size of a directory since 6.2, and by its entries before. */
function openFiles(pid: number): number {
  const directory = `/proc/${pid}/fd`
  try {
    const size = statSync(directory, { throwIfNoEntry: false })?.size ?? 0
    return size > 0 ? size : readdirSync(directory).length
  } catch {
    return 0
  }
}

/** Suspends each; for systems without groups. What it starts between looking and stopping is caught at the end. */
export function suspend(pids: readonly number[]): void {
  for (const pid of pids)
    try {
      process.kill(pid, 'SIGSTOP')
    } catch {
      // Gone meanwhile.
    }
}
