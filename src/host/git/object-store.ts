import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A repository, and a directory of ours in which new objects go and which reads the repository's too. */
export interface ObjectStore {
  readonly commonDir: string
  /** An objects directory; `info/alternates` in it names what else is read. */
  readonly objects: string
}

/** Makes the store at `objects`, or finds it there; removing it at will loses nothing but time. */
export async function openObjectStore({ commonDir, objects }: ObjectStore): Promise<ObjectStore> {
  await readAlso(objects, join(commonDir, 'objects'))
  return { commonDir, objects }
}

/** A store for a while below another one: what merges write is gone afterwards. */
export async function openQuarantine({
  commonDir,
  objects: store,
}: ObjectStore): Promise<ObjectStore & AsyncDisposable> {
  // A name that git's own gc clears away when we were killed (git-prune(1), leftovers of transfers).
  const objects = await mkdtemp(join(store, 'tmp_objdir-worklane-'))
  await readAlso(objects, store)
  return {
    commonDir,
    objects,
    [Symbol.asyncDispose]: async () => await rm(objects, { recursive: true, force: true }),
  }
}

async function readAlso(objects: string, from: string): Promise<void> {
  await mkdir(join(objects, 'info'), { recursive: true })
  // Read as a line, where a name that begins with a quote or # would mean something else (gitrepository-layout(5)).
  await writeFile(join(objects, 'info', 'alternates'), `${from}\n`)
}

/** For git that reads and writes objects there. */
export function objectEnvironment({ objects }: ObjectStore): Record<string, string> {
  return { GIT_OBJECT_DIRECTORY: objects }
}
