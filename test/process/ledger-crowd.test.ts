import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bundleProgram } from '../fixtures/bundle.ts'
import { atOnce } from '../fixtures/crowd.ts'
import { temporaryDirectory } from '../fixtures/repository.ts'

/** Found by the full proof `claim-crowd`: SQLite does not wait while a new file gets its write-ahead log. */
test('a crowd can open a ledger that does not exist yet', async () => {
  const directory = temporaryDirectory()
  const program = await bundleProgram('ledger-opener.ts', directory)
  for (let round = 1; round <= 4; round += 1) {
    const args = [program, join(directory, String(round), 'ledger.db')]
    const crowd = Array.from({ length: 24 }, () => ({ file: process.execPath, args, cwd: directory }))
    const ended = await atOnce(crowd)
    expect(ended.map(({ stderr }) => stderr).filter(Boolean)).toEqual([])
    expect(ended.every(({ exitCode }) => exitCode === 0)).toBe(true)
  }
  rmSync(directory, { recursive: true, force: true })
})
