import { existsSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import { execa } from 'execa'
import { bareProgram } from '../../board/bare-program.ts'
import { installedProduct } from '../product.ts'

/** POSIX says "greater than zero" of `command -v`: dash and busybox answer 127, bash 1 (measured here). */
const UNKNOWN: readonly unknown[] = [1, 127]

/**
 * The program that the command begins with, where no lane could find it; null also in doubt. Asked is the shell, which
 * knows its own built-ins and keywords. What lies in the repository by that name is for another sentence, and a relative
 * directory on PATH is another one in each lane.
 */
export async function missingProgram(command: string, root: string): Promise<string | null> {
  const program = bareProgram(command)
  const path = [process.env.PATH ?? '', ...ownDirectory()]
  if (program === null || existsSync(join(root, program))) return null
  if (!path.join(delimiter).split(delimiter).every(isAbsolute)) return null
  const { exitCode } = await execa('/bin/sh', ['-c', 'command -v "$1"', 'sh', program], {
    env: { PATH: path.join(delimiter) },
    stdin: 'ignore',
    reject: false,
  })
  return UNKNOWN.includes(exitCode) ? program : null
}

/** `worklane` is at the end of each lane's PATH. */
function ownDirectory(): string[] {
  const product = installedProduct()
  return product === null ? [] : [product.bin]
}
