import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * End-to-end tests run the built product, so it is built once before any of them. All temporary directories of a run
 * lie in one, which goes at the end.
 */
export default function setup(): () => void {
  execFileSync(process.execPath, ['scripts/build.ts'], { stdio: 'inherit' })
  const directory = mkdtempSync(join(tmpdir(), 'worklane-tests-'))
  // Some tests start programs as another user.
  chmodSync(directory, 0o755)
  process.env.TMPDIR = directory
  return () => rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
}
