import type { Kysely } from 'kysely'
import { up as core } from './0001-core.ts'

/** In order; the place in the list is the version that it starts from. */
// biome-ignore lint/suspicious/noExplicitAny: Kysely's own type for a migration's database
export const MIGRATIONS: readonly ((db: Kysely<any>) => Promise<void>)[] = [core]
