import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { World } from '../world.ts'
import { type Look, radarDirectory } from './radar.ts'

/** The latest look of the engine at work, for whoever asks; with what no ledger keeps, such as what is unknown. */
interface Published {
  /** Identity of the process that looked. */
  readonly by: string
  readonly look: Look
}

const fileOf = (world: World): string => join(radarDirectory(world), 'look.json')

export async function publish(world: World, look: Look): Promise<void> {
  const content: Published = { by: world.self, look }
  await writeFile(`${fileOf(world)}.new`, JSON.stringify(content), { mode: 0o600 })
  await rename(`${fileOf(world)}.new`, fileOf(world))
}

/** What that process published last; null: nothing yet. */
export async function readPublished(world: World, by: string): Promise<Look | null> {
  try {
    const { by: whose, look } = JSON.parse(await readFile(fileOf(world), 'utf8')) as Published
    return whose === by ? look : null
  } catch {
    return null
  }
}
