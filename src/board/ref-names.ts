/** Bytes of one part of a ref's name: it becomes a file, and git writes `<name>.lock` beside it. */
const LONGEST_PART = 200
/** Bytes of the whole name; Linux takes 4096 of a path. */
const LONGEST_NAME = 1000

/**
 * Why refs cannot be kept one beside the other as files; null where they can. Packed refs can hold names that no
 * directory takes: too long ones, and both `a` and `a/b` (git checks neither when it reads them).
 */
export function whyNoRefs(names: readonly string[]): string | null {
  const all = new Set(names)
  for (const name of names) {
    const parts = name.split('/')
    if (
      Buffer.byteLength(name) > LONGEST_NAME ||
      parts.some((part) => Buffer.byteLength(part) > LONGEST_PART)
    )
      return 'a ref with a name that no file system takes'
    if (parts.some((_, at) => at > 0 && all.has(parts.slice(0, at).join('/'))))
      return 'a ref within another ref'
  }
  return null
}
