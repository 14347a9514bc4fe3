import { git, splitZero } from '../git/git.ts'

/** Settings that only say how git behaves: git-config(1). None names a program, a file, a server or a credential. */
const HARMLESS = new Set([
  ...['user.name', 'user.email', 'user.useconfigonly', 'init.defaultbranch'],
  ...['core.autocrlf', 'core.eol', 'core.safecrlf', 'core.quotepath', 'core.whitespace', 'core.abbrev'],
  ...['core.commentchar', 'pull.rebase', 'pull.ff', 'pull.octopus', 'push.default', 'push.autosetupremote'],
  ...['push.followtags', 'fetch.prune', 'fetch.prunetags', 'merge.conflictstyle', 'merge.ff', 'merge.log'],
  ...['merge.renames', 'merge.autostash', 'rebase.autostash', 'rebase.autosquash', 'rebase.updaterefs'],
  ...['rebase.missingcommitscheck', 'rerere.enabled', 'rerere.autoupdate', 'diff.algorithm', 'diff.renames'],
  ...['diff.mnemonicprefix', 'diff.colormoved', 'diff.context', 'commit.verbose', 'commit.cleanup'],
  ...[
    'commit.status',
    'status.short',
    'status.branch',
    'status.showuntrackedfiles',
    'log.date',
    'log.decorate',
  ],
  ...['log.abbrevcommit', 'log.follow', 'format.pretty', 'branch.sort', 'branch.autosetuprebase'],
  ...['branch.autosetupmerge', 'tag.sort', 'column.ui', 'color.ui', 'help.autocorrect', 'switch.guess'],
])

/** The text of a `.gitconfig` with what of the user's own settings cannot make git run or read anything. */
export async function privateGitConfig(home: string): Promise<string> {
  // Git's own answer, so that included files count; exit code 1: there is no such file.
  const { stdout } = await git(
    { gitDir: '/dev/null' },
    ['config', '--global', '--includes', '--list', '-z'],
    {
      answers: [0, 1, 128],
      env: { HOME: home },
    },
  )
  const settings = splitZero(stdout).map((entry): [string, string] => {
    const [key = '', ...value] = entry.split('\n')
    return [key, value.join('\n')]
  })
  return settings
    .filter(([key, value]) => HARMLESS.has(key) || isPlainAlias(key, value))
    .map(
      ([key, value]) => `[${key.split('.')[0]}]\n\t${key.slice(key.indexOf('.') + 1)} = ${quoted(value)}\n`,
    )
    .join('')
}

/** An alias that begins with `!` is a shell command. */
function isPlainAlias(key: string, value: string): boolean {
  return /^alias\.[a-z0-9-]+$/i.test(key) && /^[a-z]/i.test(value)
}

/** As git-config(1) reads it back. */
function quoted(value: string): string {
  const escaped = value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\t', '\\t')
  return `"${escaped}"`
}
