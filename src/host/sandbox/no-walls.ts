import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Why walls cannot be had on this machine, and the one line that mends it. */
export interface NoWalls {
  readonly why: string
  readonly remedy: string
}

/** Null: walls can be built on such a system. Pure. */
export function wallsElsewhere(platform: string): NoWalls | null {
  if (platform === 'linux') return null
  if (platform !== 'darwin')
    return { why: `Walls are not built on ${platform}.`, remedy: 'Run with --sandbox none.' }
  return {
    why: 'Walls are not built on macOS yet.',
    remedy:
      'Run with --sandbox none, and put srt before the command of the agent to fence it off yourself:' +
      ' npm i -g @anthropic-ai/sandbox-runtime',
  }
}

export const NOT_INSTALLED: NoWalls = {
  why: 'bubblewrap is not installed.',
  remedy: 'Install it (apt-get install bubblewrap, dnf install bubblewrap), or run with --sandbox none.',
}

/** What can be told without starting a program; `wallsMissing` knows for sure. */
export function wallsMissingAtAGlance(): NoWalls | null {
  const elsewhere = wallsElsewhere(process.platform)
  if (elsewhere !== null) return elsewhere
  const places = (process.env.PATH ?? '').split(delimiter)
  return places.some((directory) => isProgram(join(directory, 'bwrap'))) ? null : NOT_INSTALLED
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
