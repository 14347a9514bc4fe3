import type { Kysely } from 'kysely'
import { up as core } from './0001-core.ts'
import { up as walls } from './0002-walls.ts'
import { up as radar } from './0003-radar.ts'
import { up as visits } from './0004-visits.ts'

/** In order; the place in the list is the version that it starts from. */
// biome-ignore lint/suspicious/noExplicitAny: Kysely's own type for a migration's database
export const MIGRATIONS: readonly ((db: Kysely<any>) => Promise<void>)[] = [core, walls, radar, visits]
