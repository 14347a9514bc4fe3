import { execa } from 'execa'

/**
 * Whether anything below `directory` was written, made, renamed or removed after `file` was last written. By ctime
 * (`find -cnewer`, which GNU, BSD and busybox have), because programs can set mtime back.
 */
export async function changedAfter(directory: string, file: string): Promise<boolean> {
  const { stdout } = await execa('find', [directory, '-mindepth', '1', '-cnewer', file, '-print', '-quit'], {
    extendEnv: false,
    env: { PATH: process.env.PATH ?? '', LC_ALL: 'C' },
    stdin: 'ignore',
    reject: false,
  })
  return stdout !== ''
}
