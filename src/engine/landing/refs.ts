import type { Landing } from '../../board/landing.ts'

/** Keeps the commit that would become base from being collected while it is verified. */
export function candidateRef(entry: Pick<Landing, 'id'>): string {
  return `refs/worklane/landing/${entry.id}`
}
