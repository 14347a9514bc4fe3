import type { World } from '../engine/world.ts'
import { rememberedBase } from '../ledger/base.ts'
import { lastPush } from '../ledger/pushes.ts'

/** How the last push of base went. */
export interface PushView {
  readonly base: string
  readonly remote: string
  readonly commit: string
  /** Why it failed; null: it did not. */
  readonly reason: string | null
}

/** Null where the settings name no remote, or nothing was pushed yet. */
export async function viewPush({ ledger: { db }, settings }: World): Promise<PushView | null> {
  const base = settings.base ?? (await rememberedBase(db))
  if (settings.landing.push === null || base === undefined) return null
  const last = await lastPush(db, base)
  if (last === null) return null
  const { remote, commit, reason } = last
  return { base, remote: remote ?? settings.landing.push, commit, reason }
}
