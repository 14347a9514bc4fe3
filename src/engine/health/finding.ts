/** Something that is not as it should be. */
export interface Finding {
  /** Stable name for scripts. */
  readonly code: string
  readonly what: string
  readonly why: string
  /** The exact next step. */
  readonly fix: string
  /** Whether `doctor --fix` carries it out. */
  readonly fixable: boolean
}
