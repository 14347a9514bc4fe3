import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { runProcess } from '../test/fixtures/product.ts'
import { randomNumbers } from '../test/proofs/proof.ts'

/** Files of 1 to 6 KB, twenty to a directory, as in an ordinary project; the same for each run. */
export async function makeTree(root: string, files: number): Promise<void> {
  const random = randomNumbers(1)
  for (let at = 0; at < files; at += 1) {
    const path = join(root, `part-${Math.floor(at / 200)}`, `room-${Math.floor(at / 20)}`, `file-${at}.txt`)
    if (at % 20 === 0) mkdirSync(dirname(path), { recursive: true })
    const line = `${at}: ${random()} ${random()}\n`
    writeFileSync(path, line.repeat(20 + Math.floor(random() * 100)))
  }
  await command(root, 'git', 'init', '--quiet', '--initial-branch=main')
  await command(root, 'git', 'add', '--all')
  await command(root, 'git', '-c', 'gc.auto=0', 'commit', '--quiet', '--message=first')
  await command(root, 'git', 'gc', '--quiet')
  // As every checkout is that is older than a second and was looked at: git reads no file anew (git: racy-git.txt).
  await wait(1100)
  await command(root, 'git', 'status', '--short')
}

/** Runs a command that must succeed. */
export async function command(cwd: string, file: string, ...args: string[]): Promise<void> {
  const { exitCode, stdout, stderr } = await runProcess({ file, args, cwd })
  if (exitCode !== 0) throw new Error(`${file} ${args.join(' ')}: exit ${exitCode}: ${stderr}${stdout}`)
}

/** What a small task leaves in a worktree: one commit of three files. */
export async function workIn(path: string): Promise<void> {
  for (const name of ['one', 'two', 'three']) writeFileSync(join(path, `${name}.txt`), `${name}\n`)
  await command(path, 'git', 'add', '--all')
  await command(path, 'git', 'commit', '--quiet', '--message=work')
}

/** Removed lanes are deleted in the background; that must not be counted against whoever comes next. */
export async function trashIsEmpty(root: string): Promise<void> {
  for (const trash of ['.worktrees/.trash', '.git/worklane/trash'])
    while (entries(join(root, trash)) > 0) await wait(5)
}

function entries(directory: string): number {
  try {
    return readdirSync(directory).length
  } catch {
    return 0
  }
}
