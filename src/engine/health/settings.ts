import type { World } from '../world.ts'
import type { Finding } from './finding.ts'

/** A worklane.yaml that cannot be used: everything here was looked at with the defaults. */
export function settingsFindings({ unread }: World): Finding[] {
  if (unread === undefined) return []
  return [
    {
      code: 'settings-unusable',
      what: unread.message,
      why: 'Commands that change something refuse until it is mended; the others go on with the defaults.',
      fix: unread.hint,
      fixable: false,
    },
  ]
}
