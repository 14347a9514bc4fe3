import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  leadsAstray,
  type NamesChanged,
  type RefAt,
  type SharedState,
  sayNames,
  sharedChange,
} from '../../board/shared-state.ts'
import { coreSettings } from '../../host/git/core-settings.ts'
import { shellWord } from '../../host/process/shell-word.ts'
import type { Finding } from './finding.ts'

const OR_ACCEPT = 'if it is meant so: worklane doctor --accept'

/** A bare repository has no index, unless it was made one by mistake. */
export function bareFindings(commonDir: string): Finding[] {
  if (!coreSettings(commonDir).bare || !existsSync(join(commonDir, 'index'))) return []
  return [
    {
      code: 'core-bare',
      what: 'core.bare is set, although the repository has a checkout.',
      why: 'Git takes it for bare there: git status and git commit fail.',
      fix: 'git config core.bare false',
      fixable: false,
    },
  ]
}

/** Pure. */
export function judge(accepted: SharedState, now: SharedState, commonDir: string): Finding[] {
  const { config, hooks, alternates, attributes } = sharedChange(accepted, now, new Set())
  return [
    ...configFindings(config === null ? null : only(config, leadsAstray), commonDir),
    ...said(hooks, {
      code: 'hooks-changed',
      what: 'Hooks changed since they were last accepted',
      why: 'Git runs them with your rights, in every worktree. Worklane itself runs none.',
      fix: `Look at them: ls -l ${join(commonDir, 'hooks')}; ${OR_ACCEPT}`,
    }),
    ...said(alternates, {
      code: 'alternates-changed',
      what: 'The places that objects are borrowed from changed',
      why: 'What only they have is gone when they are.',
      fix: `Look at ${join(commonDir, 'objects/info/alternates')}; ${OR_ACCEPT}`,
    }),
    ...said(attributes, {
      code: 'attributes-changed',
      what: 'The attributes of the repository changed',
      why: 'They can make git run filters and drivers on files that nobody expects it for.',
      fix: `Look at ${join(commonDir, 'info/attributes')}; ${OR_ACCEPT}`,
    }),
  ]
}

function configFindings(config: NamesChanged | null, commonDir: string): Finding[] {
  const hooksPath = config === null ? null : only(config, (key) => key === 'core.hookspath')
  const rest = config === null ? null : only(config, (key) => key !== 'core.hookspath')
  return [
    ...said(hooksPath, {
      code: 'hooks-path-changed',
      what: 'Where git looks for hooks changed',
      why: 'Git runs what it finds there with your rights, in every worktree. Worklane itself runs none.',
      fix: `To undo it: git config --unset core.hooksPath; ${OR_ACCEPT}`,
    }),
    ...said(rest, {
      code: 'config-changed',
      what: 'Settings of the repository that can make git run programs, or go elsewhere, changed',
      why: 'They count in every worktree, for what you do with git too.',
      fix: `Look at them: git config --file ${join(commonDir, 'config')} --list; ${OR_ACCEPT}`,
    }),
  ]
}

function said(names: NamesChanged | null, finding: Omit<Finding, 'fixable'>): Finding[] {
  if (names === null || names.added.length + names.changed.length + names.removed.length === 0) return []
  return [{ ...finding, what: `${finding.what}: ${sayNames(names)}.`, fixable: false }]
}

function only(names: NamesChanged, wanted: (name: string) => boolean): NamesChanged {
  const { added, changed, removed } = names
  return { added: added.filter(wanted), changed: changed.filter(wanted), removed: removed.filter(wanted) }
}

/** Pure. Branches and tags that somebody else removed, and whose commits nothing else names. */
export function goneFindings(gone: readonly RefAt[]): Finding[] {
  const [first] = gone
  if (first === undefined) return []
  const names = gone
    .slice(0, 5)
    .map(({ ref, at }) => `${ref.replace(/^refs\/(heads|tags)\//, '')} (${at.slice(0, 7)})`)
  const more = gone.length > 5 ? ` and ${gone.length - 5} more` : ''
  return [
    {
      code: 'refs-gone',
      what: `Branches or tags are gone that Worklane did not remove: ${names.join(', ')}${more}.`,
      why: 'Git deletes commits that nothing names any more, after some weeks.',
      fix: `To bring it back: git update-ref ${shellWord(first.ref)} ${first.at}; ${OR_ACCEPT}`,
      fixable: false,
    },
  ]
}
