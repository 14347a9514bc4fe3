/**
 * Paths in git are bytes and need not be UTF-8. Where they are compared or given back to git they are held as latin1
 * text, one character a byte.
 */

/** The text that people read. */
export function asText(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

/** Where the path is on disk, below `root`, which is text. */
export function diskPath(root: string, path: string): Buffer {
  return Buffer.concat([Buffer.from(`${root}/`), Buffer.from(path, 'latin1')])
}
