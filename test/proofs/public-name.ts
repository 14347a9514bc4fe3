import { execFileSync } from 'node:child_process'

/** Where everybody finds the repository that is cloned at `path`; the local path is nobody's business. */
export function publicName(path: string): string {
  const args = ['config', '--default', '', '--get', 'remote.origin.url']
  const url = execFileSync('git', args, { cwd: path, encoding: 'utf8' }).trim()
  return /^https:\/\/[^@]+$/.test(url) ? url.replace(/\.git$/, '') : 'a local one'
}
