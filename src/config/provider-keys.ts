import { matchesName } from '../board/name-pattern.ts'
import { AGENT_PROGRAMS, type AgentProgram } from './agent-programs.ts'
import { programsIn } from './programs-in.ts'

/** The variables with keys that these programs need; an entry may end in `*`. */
export function keysOf(programs: readonly string[]): string[] {
  return [...new Set(known(programs).flatMap(({ keys }) => keys))]
}

/** Files and directories of HOME in which the logins and settings of these programs are, relative to it. */
export function homePathsOf(programs: readonly string[]): string[] {
  return [...new Set(known(programs).flatMap(({ home }) => home))]
}

/** Those of all programs that are known. */
export function everyHomePath(): string[] {
  return [...new Set(AGENT_PROGRAMS.flatMap(({ home }) => home))]
}

/**
 * Provider keys that are set and not handed to an agent, because nothing in its command tells which it needs.
 * `allowed`: what the settings list. A known program misses none: it has those of its own provider.
 */
export function withheldKeys(
  command: string,
  env: Readonly<Record<string, string | undefined>>,
  allowed: readonly string[],
): string[] {
  if (programsIn(command).length > 0) return []
  const keys = AGENT_PROGRAMS.flatMap((program) => program.keys).filter((key) => !key.endsWith('*'))
  return [...new Set(keys)].filter((key) => (env[key] ?? '') !== '' && !matchesName(allowed, key))
}

function known(programs: readonly string[]): readonly AgentProgram[] {
  return AGENT_PROGRAMS.filter(({ names: [name = ''] }) => programs.includes(name))
}
