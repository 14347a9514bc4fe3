import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Loose objects without content: what a power cut leaves of an object that git had not brought to the disk (it does
 * not by default). Git takes such a file for the object and never writes it again, so whatever needs it fails for
 * ever. An empty file is never a valid object; nothing is lost with it. Paths, absolute.
 */
export async function emptyObjects(commonDir: string): Promise<string[]> {
  const objects = join(commonDir, 'objects')
  const places = (await readdir(objects)).filter((name) => /^[0-9a-f]{2}$/.test(name))
  const found = await Promise.all(
    places.map(async (place) => {
      // What is being written has another name until it is whole.
      const names = (await readdir(join(objects, place)).catch(() => [])).filter((name) =>
        /^[0-9a-f]+$/.test(name),
      )
      const paths = names.map((name) => join(objects, place, name))
      const sizes = await Promise.all(paths.map(async (path) => (await stat(path).catch(() => null))?.size))
      return paths.filter((_, at) => sizes[at] === 0)
    }),
  )
  return found.flat()
}

export async function dropEmptyObjects(commonDir: string): Promise<void> {
  for (const path of await emptyObjects(commonDir)) await rm(path, { force: true })
}
