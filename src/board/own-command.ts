/**
 * Whether a command of the user's git settings (a filter, a diff or merge driver) runs something that lies in the
 * repository: git starts it in the work tree, so `./tools/x.sh` is whatever was landed last. True unless every word
 * that could name a program or script is found on PATH, is absolute, or is an option or placeholder.
 */
export function runsRepositoryCode(command: string, isFile: (path: string) => boolean): boolean {
  const words = command.split(/[\s;&|()<>"'`]+/).filter((word) => word !== '')
  return words.some((word) => {
    if (/^[-%$/~]/.test(word)) return false
    return word.includes('/') || isFile(word)
  })
}
