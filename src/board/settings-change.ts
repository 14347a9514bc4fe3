/**
 * Files at the root of a repository that say what agents may do and what their lanes get of the main checkout; the
 * second stops every command, as a mistake.
 */
const SETTINGS = ['worklane.yaml', 'worklane.yml', '.worktreeinclude']

/**
 * Why a result waits for a person whatever the settings say; null: it changes none of them. An agent would decide
 * otherwise which walls all later ones have. `names`: those at the root that it changes, in whatever case, since there
 * are file systems to which it is all the same.
 */
export function whySettingsReview(names: readonly string[]): string | null {
  const changed = SETTINGS.filter((name) => names.some((one) => one.toLowerCase() === name))
  return changed.length === 0 ? null : `It changes ${changed.join(' and ')}, which says what agents may do.`
}
