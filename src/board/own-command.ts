/**
 * Whether a command of the user's git settings (a filter, a diff or merge driver) runs something that lies in the
 * repository: git starts it in the work tree, so `./tools/x.sh` is whatever was landed last. True unless every word
 * that could name a program or script is found on PATH, is an option or placeholder, or is absolute and elsewhere.
 * @param isFile whether that lies in the work tree
 * @param isInside whether that path, which begins with `/`, `~` or a variable, leads into the repository
 */
export function runsRepositoryCode(
  command: string,
  isFile: (path: string) => boolean,
  isInside: (path: string) => boolean,
): boolean {
  const words = command.split(/[\s;&|()<>"'`]+/).filter((word) => word !== '')
  return words.some((word) => {
    if (/^[-%]/.test(word)) return false
    if (/^[$/~]/.test(word)) return isInside(word)
    return word.includes('/') || isFile(word)
  })
}
