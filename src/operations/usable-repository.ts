import { existsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { printable } from '../config/place.ts'
import { UsageError } from '../config/usage-error.ts'
import { coreSettings } from '../host/git/core-settings.ts'
import { findRepository, type Repository } from '../host/git/repository.ts'

/** SQLite opens no file with a longer path than 504 bytes (measured; its MAX_PATHNAME is 512), wherever it is. */
const LONGEST_PATH = 440

/** The git that a lane has inside its walls (engine/sandbox.ts): it looks like a repository and has no ledger. */
const PRIVATE_GIT = /\/worklane\/lanes\/\d+\/git$/

/**
 * The repository around `cwd`, with a checkout that can be worked with. Looks only: nothing has changed when it says no.
 * @throws UsageError
 */
export async function usableRepository(cwd: string): Promise<Repository & { readonly root: string }> {
  // Node puts U+FFFD for bytes that are not UTF-8, and that path leads elsewhere, or into a repository around it.
  if (cwd.includes('\ufffd') && !existsSync(cwd))
    throw new UsageError(
      'The path of this directory is not valid UTF-8, and no program on Node can use it.',
      {
        hint: 'Rename the directory.',
      },
    )
  const repository = findRepository(cwd)
  if (repository === undefined)
    throw new UsageError('This is not inside a git repository.', {
      hint: 'Go into one, or make one: git init && git commit --allow-empty -m first',
    })
  const { root } = repository
  if (PRIVATE_GIT.test(repository.commonDir)) throw nothingAnswers()
  if (root === null) throw noCheckout(repository)
  refusePath(repository, root)
  await refuseForeign(repository, root)
  return { ...repository, root }
}

/** In the walls of a lane without its socket, which is the agent's alone. */
export function nothingAnswers(): UsageError {
  return new UsageError('This is inside the walls of a lane, and nothing here answers for its task.', {
    code: 'inside-walls',
    hint: 'Ask in a terminal outside of them; the agent of the lane asks by its own socket.',
  })
}

function noCheckout({ commonDir }: Repository): UsageError {
  if (!coreSettings(commonDir).bare)
    return new UsageError("This is inside git's own directory, not in a checkout.", {
      hint: `Go to the checkout, such as ${printable(dirname(commonDir), 200)}`,
    })
  // A bare repository has no index, unless it was made one by mistake.
  if (existsSync(`${commonDir}/index`))
    return new UsageError(
      'This repository has a checkout, but core.bare is set, so that git takes it for bare.',
      {
        hint: 'If that is a mistake: git config core.bare false',
      },
    )
  return new UsageError('This is a bare repository, and Worklane needs a checkout to work from.', {
    hint: 'Add one with: git worktree add ../main main, and go there.',
  })
}

function refusePath({ commonDir }: Repository, root: string): void {
  if (/[\n\r]/.test(root + commonDir))
    throw new UsageError(`The path of this repository holds a line break: ${printable(root, 200)}.`, {
      hint: "Rename the directory: git's own files on worktrees and alternates hold one path a line.",
    })
  if (Buffer.byteLength(commonDir) > LONGEST_PATH)
    throw new UsageError(`The path of this repository is longer than ${LONGEST_PATH} bytes.`, {
      hint: 'Move the repository up: the ledger in it would have a path that SQLite does not open.',
    })
  if (statSync(root, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new UsageError(`The checkout of this repository is not there: ${printable(root, 200)}.`, {
      hint: 'Mend core.worktree in its configuration, which names that directory.',
    })
}

async function refuseForeign({ commonDir }: Repository, root: string): Promise<void> {
  const me = process.geteuid?.()
  if (me === undefined || [commonDir, root].every((path) => statSync(path).uid === me)) return
  // Loads what starts processes, for which `status` has no time.
  const { trustedByGit } = await import('../host/git/trust.ts')
  if (await trustedByGit(root)) return
  throw new UsageError('This repository belongs to another user, and git does not trust it.', {
    hint: `If you do: git config --global --add safe.directory '${printable(root, 200)}'`,
  })
}
