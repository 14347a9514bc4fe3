import { execFileSync } from 'node:child_process'
import { test } from 'vitest'

test.each([
  ['ARCHITECTURE.md draws the state machines as they are', 'scripts/draw-states.ts'],
  ['package-lock.json is whole, so that npm ci takes it', 'scripts/complete-lock.ts'],
])('%s', (_, script) => {
  execFileSync(process.execPath, [script, '--check'], { stdio: 'pipe' })
})
