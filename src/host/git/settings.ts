/** One setting of git's, its key as `git config --list` has it: section and variable in lower case. */
export type Setting = readonly [key: string, value: string]

/** What `git config -z --list` answers. A key without a value means true (git-config(1)). */
export function parseSettings(listed: string): Setting[] {
  return listed
    .split('\0')
    .filter((entry) => entry !== '')
    .map((entry) => {
      const [key = '', value = 'true'] = entry.split(/\n(.*)/s)
      return [key, value]
    })
}
