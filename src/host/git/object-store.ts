import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

/** A repository, and a directory of ours where new objects go and which reads the repository's too. */
export interface ObjectStore {
  readonly commonDir: string
  /** An objects directory; `info/alternates` in it names what else is read. */
  readonly objects: string
}

/** Makes the store at `objects`, or finds it there. It is a cache: removing it loses nothing but time. */
export async function openObjectStore(store: ObjectStore): Promise<ObjectStore> {
  await readAlso(store.objects, [join(store.commonDir, 'objects')])
  return store
}

/** A store for a while, below another one: what is written to it is gone afterwards. */
export async function openQuarantine({
  commonDir,
  objects: store,
}: ObjectStore): Promise<ObjectStore & AsyncDisposable> {
  await mkdir(store, { recursive: true })
  // Below a name that git's own gc clears away when we were killed (builtin/prune.c, remove_temporary_files).
  const objects = await mkdtemp(join(store, 'tmp_objdir-worklane-'))
  await readAlso(objects, [store, join(commonDir, 'objects')])
  return {
    commonDir,
    objects,
    [Symbol.asyncDispose]: async () => await rm(objects, { recursive: true, force: true }),
  }
}

async function readAlso(objects: string, others: readonly string[]): Promise<void> {
  await mkdir(join(objects, 'info'), { recursive: true })
  const lines = others.map((path) => `${resolve(path)}\n`)
  await writeFile(join(objects, 'info', 'alternates'), lines.join(''))
}

/** For git that reads and writes objects there. */
export function objectEnvironment({ objects }: ObjectStore): Record<string, string> {
  return { GIT_OBJECT_DIRECTORY: objects }
}
