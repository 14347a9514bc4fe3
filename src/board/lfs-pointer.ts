/** What git holds in place of a file that git-lfs keeps (git-lfs: docs/spec.md). */
export interface LfsPointer {
  /** SHA-256 of the content. */
  readonly oid: string
  /** Bytes of the content. */
  readonly size: number
}

/** A pointer has fewer bytes than this, says its specification. */
export const LONGEST_POINTER = 1024

const POINTER =
  /^version https:\/\/git-lfs\.github\.com\/spec\/v1\n(?:ext-\d-\S+ \S+\n)*oid sha256:([0-9a-f]{64})\nsize (\d{1,15})\n?$/

/** Null: an ordinary file. */
export function readLfsPointer(text: string): LfsPointer | null {
  const [, oid, size] = POINTER.exec(text) ?? []
  return oid === undefined ? null : { oid, size: Number(size) }
}
