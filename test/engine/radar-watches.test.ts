import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { LaneWatches } from '../../src/engine/radar/watches.ts'
import { until } from '../fixtures/cli.ts'
import { temporaryDirectory } from '../fixtures/repository.ts'

test('a few lanes at a time, none left out, and a new lane is looked at once more', async () => {
  const top = temporaryDirectory()
  const lanes = Array.from({ length: 12 }, (_, id) => ({ id, path: join(top, `${id}`) }))
  for (const { path } of lanes) mkdirSync(join(path, 'git'), { recursive: true })
  using watches = new LaneWatches()
  await watches.follow(lanes.map((lane) => ({ ...lane, gitDir: join(lane.path, 'git'), ignored: ['git/'] })))
  const taken = (): number[] => [...watches.take()].sort((a, b) => a - b)
  const again = Array.from({ length: 12 }, taken)
  expect(again.every((ids) => ids.length === 1)).toBe(true)
  expect(new Set(again.flat()).size).toBe(12)
  expect(watches.isDue()).toBe(false)
  for (const { path } of lanes) writeFileSync(join(path, 'new.txt'), 'x\n')
  const seen = new Set<number>()
  await until('all writes are seen', () => {
    if (!watches.isDue()) return seen.size === 12
    const some = taken()
    expect(some.length).toBeLessThanOrEqual(8)
    for (const id of some) seen.add(id)
    return seen.size === 12
  })
  rmSync(top, { recursive: true })
})
