/** What one entry of a git tree may be. Names are bytes as latin1. */
export interface TreeEntry {
  /** As written: git writes `40000`, `100644`, `100755`, `120000`, `160000`. */
  readonly mode: string
  readonly name: string
}

const MODES = new Set(['40000', '100644', '100755', '120000', '160000'])

/** Files that git itself reads out of a work tree; as links they would be read from anywhere (git fsck: symlink…). */
const READ_BY_GIT = new Set(['.gitmodules', '.gitattributes', '.gitignore', '.mailmap'])

/**
 * Why a tree entry is not let into the repository; null where it may come. Stricter than `git fsck`, which lets ten of
 * eleven hostile trees of a kind through at its default severities.
 */
export function whyHostile({ mode, name }: TreeEntry): string | null {
  if (!MODES.has(mode)) return `an entry of mode ${mode.slice(0, 12)}`
  const parts = name.split('\\')
  if (name === '' || name === '.' || name.includes('/') || parts.includes('..'))
    return 'a name that leads elsewhere'
  if (Buffer.byteLength(name, 'latin1') > 255) return 'a name that no file system takes'
  const meant = parts.map(plain)
  if (meant.includes('.git')) return 'a name that stands for .git'
  const read = mode === '120000' ? meant.find((part) => READ_BY_GIT.has(part)) : undefined
  return read === undefined ? null : `a link in place of ${read}`
}

/** Code points that HFS+ leaves out when it compares names (git: utf8.c, next_hfs_char). */
const IGNORED_BY_HFS = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g

/** First letters of the short names that NTFS gives to these files (git: path.c, is_ntfs_dotgit). */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  git: '.git',
  gitmod: '.gitmodules',
  gitatt: '.gitattributes',
  gitign: '.gitignore',
  mailma: '.mailmap',
}

/** Where those are taken: a digest, of which as much is left as a longer number leaves room for (git: path.c). */
const DIGESTS: readonly (readonly [digest: string, name: string])[] = [
  ['gi7eba', '.gitmodules'],
  ['gi7d29', '.gitattributes'],
  ['gi250a', '.gitignore'],
  ['maba30', '.mailmap'],
]

/** The name as the most lenient file system takes it: macOS and Windows fold case and drop what they ignore. */
function plain(name: string): string {
  const folded = Buffer.from(name, 'latin1').toString('utf8').replace(IGNORED_BY_HFS, '').toLowerCase()
  const stripped = folded.replace(/:.*$/s, '').replace(/[ .]+$/, '')
  const [, short, number = ''] = /^(.*)~([1-9]\d*)$/.exec(stripped) ?? []
  if (short === undefined) return stripped
  const digest = DIGESTS.find(
    ([known]) => known.startsWith(short) && short.length + 1 + number.length <= 8 && short.length >= 2,
  )
  return SHORT_NAMES[short] ?? digest?.[1] ?? stripped
}
