import { quoted } from './place.ts'
import { UsageError } from './usage-error.ts'

/**
 * Whether git takes `name` as a branch: the rules of git-check-ref-format(1) with those of `--branch`. Without `@`,
 * which means HEAD, and full names (`refs/…`), which would give a branch called `refs/heads/refs/…`.
 */
export function plainBranch(name: string): boolean {
  if (name === '' || name === '@' || name === 'HEAD' || name.startsWith('-') || name.startsWith('refs/'))
    return false
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the rule itself forbids them.
  if (/[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{|\.$/.test(name)) return false
  return name.split('/').every((part) => part !== '' && !part.startsWith('.') && !part.endsWith('.lock'))
}

/**
 * A template for the branches of lanes, unchanged. It must hold {id}, may hold {slug}, and must give a name that git
 * takes for every task; ids are digits and slugs `[a-z0-9-]`, so that one of each decides.
 * @throws UsageError
 */
export function branchTemplate(template: string): string {
  const rest = template.replaceAll('{id}', '').replaceAll('{slug}', '')
  if (!template.includes('{id}')) throw refused(template, 'has no {id}, so that lanes would share a branch')
  if (/[{}]/.test(rest)) throw refused(template, 'holds a placeholder other than {id} and {slug}')
  if (template.length > 100) throw refused(template, 'is longer than 100 characters')
  const filled = template.replaceAll('{id}', '7').replaceAll('{slug}', 'a-title')
  if (!plainBranch(filled))
    throw refused(template, `gives ${quoted(filled)}, which git does not take as a branch`)
  return template
}

function refused(template: string, why: string): UsageError {
  return new UsageError(`${quoted(template)} ${why}.`, { hint: 'For example: branch: task/{id}-{slug}' })
}
