import { constants, existsSync } from 'node:fs'
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { git } from './git.ts'
import { parseSettings, type Setting } from './settings.ts'
import type { SharedPlace } from './tree-diff.ts'

/** What decides how files are written to disk, and is not the user's own but this repository's. */
const COPIED = /^core\.(autocrlf|eol|symlinks|filemode|ignorecase|precomposeunicode)$/

/** The settings of a repository itself: not the user's, nor the machine's. */
export async function repositorySettings(place: SharedPlace): Promise<Setting[]> {
  const { stdout } = await git({ gitDir: place.commonDir }, ['config', '--local', '-z', '--list'])
  return parseSettings(stdout)
}

/** The text of a configuration that shares nothing with the repository but how files are written. */
export function ownConfig(settings: readonly Setting[]): string {
  const format = settings.findLast(([key]) => key === 'extensions.objectformat')?.[1] ?? 'sha1'
  const core = settings.flatMap(([key, value]) =>
    COPIED.test(key) && /^\w+$/.test(value) ? [`\t${key.slice('core.'.length)} = ${value}`] : [],
  )
  return [
    '[core]',
    `\trepositoryformatversion = ${format === 'sha1' ? 0 : 1}`,
    '\tbare = false',
    '\tlogallrefupdates = false',
    ...core,
    ...(format === 'sha1' ? [] : ['[extensions]', `\tobjectformat = ${format}`]),
    '[gc]',
    '\tauto = 0',
    '',
  ].join('\n')
}

/**
 * Makes a directory that is a repository of its own, without hooks or remotes, and reads the shared objects as
 * alternates. `head` is what HEAD says. Written by hand: `git init` copies the user's template.
 */
export async function makeGitDirectory(
  place: SharedPlace,
  { path, head, config }: { readonly path: string; readonly head: string; readonly config: string },
): Promise<void> {
  await mkdir(join(path, 'objects', 'info'), { recursive: true })
  await mkdir(join(path, 'refs', 'heads'), { recursive: true })
  await mkdir(join(path, 'info'), { recursive: true })
  await put(join(path, 'objects', 'info', 'alternates'), `${join(place.commonDir, 'objects')}\n`)
  await put(join(path, 'config'), config)
  await Promise.all(['shallow', join('info', 'exclude')].map((name) => follow(place.commonDir, path, name)))
  await put(join(path, 'HEAD'), `${head}\n`)
}

/** Never through a link: git has worked there inside walls. */
async function put(path: string, text: string): Promise<void> {
  await rm(path, { force: true })
  await writeFile(path, text, { flag: 'wx' })
}

async function follow(from: string, to: string, name: string): Promise<void> {
  await rm(join(to, name), { force: true })
  if (existsSync(join(from, name))) await copyFile(join(from, name), join(to, name), constants.COPYFILE_EXCL)
}
