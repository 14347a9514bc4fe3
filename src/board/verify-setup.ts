import type { TreeChange } from './one-side.ts'

/** Files that say what a project depends on, in any directory. */
const MANIFESTS =
  /(^|\/)(package\.json|package-lock\.json|pnpm-lock\.yaml|yarn\.lock|bun\.lock|Cargo\.(toml|lock)|go\.(mod|sum)|requirements[^/]*\.txt|pyproject\.toml|poetry\.lock|uv\.lock|Gemfile\.lock|composer\.lock|pom\.xml|\.gitmodules)$/
const SUBMODULE = '160000'

/** Whether the set-up would make something else: a manifest, a submodule or a file that its command names differs. */
export function changesSetUp(changes: readonly TreeChange[], command: string): boolean {
  const words = new Set(command.split(/[\s;&|()'"]+/).map((word) => word.replace(/^\.\//, '')))
  return changes.some(
    ({ path, before, after }) =>
      MANIFESTS.test(path) || words.has(path) || [before?.mode, after?.mode].includes(SUBMODULE),
  )
}
