import { execa } from 'execa'
import { inheritedEnvironment } from './inherited-environment.ts'

/**
 * Whether git works in a checkout of another user: safe.directory in git-config(1). Git does not look where GIT_DIR is
 * given, as by us, and what a stranger put into the configuration or the settings could run as us. So git is asked in
 * its own way. SUDO_UID: to root, what belongs to whoever called sudo is no stranger's.
 */
export async function trustedByGit(root: string): Promise<boolean> {
  const { SUDO_UID } = process.env
  const { exitCode } = await execa('git', ['rev-parse', '--git-dir'], {
    cwd: root,
    env: { ...inheritedEnvironment(), ...(SUDO_UID === undefined ? {} : { SUDO_UID }) },
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
    timeout: 30_000,
  })
  return exitCode === 0
}
