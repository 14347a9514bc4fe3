import { execFileSync } from 'node:child_process'

/** End-to-end tests run the built product, so it is built once before any of them. */
export default function setup(): void {
  execFileSync(process.execPath, ['scripts/build.ts'], { stdio: 'inherit' })
}
