/**
 * The program that a shell command line begins with, where it is a bare name, which a shell looks for on PATH. Null for
 * a path, an assignment, what is put in quotes, a function that is defined.
 */
export function bareProgram(command: string): string | null {
  return /^\s*([A-Za-z0-9_][\w.+-]*)(?=\s*$|\s+[^\s(])/.exec(command)?.[1] ?? null
}

/** Whether nothing behind its first command could do the work instead: no list, pipe, function or subshell. */
export function isOneCommand(command: string): boolean {
  return !/[;&|()\n]/.test(command)
}
