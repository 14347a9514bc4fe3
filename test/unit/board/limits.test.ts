import { describe, expect, it } from 'vitest'
import {
  type AskedLimits,
  admit,
  diskCeiling,
  inBytes,
  type LaneLimits,
  limitsFor,
} from '../../../src/board/limits.ts'
import {
  filesGoFast,
  floorCause,
  metLimit,
  NEW_WATCH,
  overload,
  shortOf,
  type Usage,
  watchOn,
} from '../../../src/board/overload.ts'

const NOTHING: AskedLimits = {
  processes: null,
  memory: null,
  totalMemory: null,
  cpu: null,
  files: null,
  disk: null,
}
const MACHINE = { memory: 24e9, processes: 100_000, files: 20_000 }
const LANE: LaneLimits = { processes: 64, memory: 256e6, cpu: null, files: 500, disk: 100e6 }
const CALM: Usage = {
  memory: 10e6,
  peakMemory: 256e6,
  processes: 3,
  memoryKills: 0,
  refusedForks: 0,
  mostFiles: 20,
}

describe('limitsFor', () => {
  it.each([
    [1, 14.4e9],
    [2, 14.4e9],
    [4, 7.2e9],
    [8, 3.6e9],
    [100, 1e9],
  ])('%i lanes may use so much memory each', (parallel, memory) => {
    expect(limitsFor(MACHINE, parallel, NOTHING).lane.memory).toBe(memory)
  })

  it('never allows more than there is, or than was asked for', () => {
    expect(limitsFor({ ...MACHINE, memory: 1e9 }, 8, NOTHING).lane.memory).toBe(0.6e9)
    expect(limitsFor({ ...MACHINE, files: 1024 }, 8, NOTHING).lane.files).toBe(1024)
    const { lane, total } = limitsFor(MACHINE, 4, { ...NOTHING, totalMemory: 2e9, processes: 100 })
    expect([lane.memory, total.memory, lane.processes, total.processes]).toEqual([2e9, 2e9, 100, 400])
  })
})

describe('admit', () => {
  const needs = { disk: 100, inodes: 10, memory: 2e9, descriptors: 10 }
  const plenty = { disk: null, inodes: null, memory: 100e9, descriptors: null }

  it('allows as many as the scarcest supply is enough for', () => {
    expect(admit({ disk: 1000, inodes: 70, memory: 6e9, descriptors: 45 }, needs, 2)).toEqual({
      more: 3,
      scarce: 'memory (6 GB free, 2 GB needed per lane)',
    })
    expect(admit({ ...plenty, descriptors: 5 }, needs, 2)).toEqual({
      more: 0,
      scarce: 'open files (5 free, 10 needed per lane)',
    })
  })

  it('lets the first one start whatever there is', () => {
    expect(admit({ ...plenty, memory: 1e9 }, needs, 0).more).toBe(1)
    expect(admit({ ...plenty, memory: 1.2e9 }, needs, 1)).toEqual({
      more: 0,
      scarce: 'memory (1.2 GB free, 2 GB needed per lane)',
    })
  })
})

describe('overload', () => {
  const watched = (...looks: readonly Partial<Usage>[]) =>
    looks.reduce((watch, look) => watchOn(watch, { ...CALM, ...look }), NEW_WATCH)

  it('ends what is refused again and again, not what was refused once', () => {
    const once = watched({}, { refusedForks: 5 }, { refusedForks: 5 }, { refusedForks: 9 })
    expect(overload(once, LANE, true)).toBe(null)
    expect(metLimit(once, LANE)).toMatchObject({ limit: 'processes', ended: false })
    const ever = watched({ refusedForks: 5 }, { refusedForks: 6 }, { refusedForks: 7 })
    expect(overload(ever, LANE, true)).toMatchObject({ limit: 'processes', ended: true })
    const hog = watched({ memoryKills: 1 }, { memoryKills: 2 }, { memoryKills: 3 })
    expect(overload(hog, LANE, true)?.text).toContain(
      '256 MB was reached (limits.memory): the system ended 3',
    )
  })

  it('ends at once what nobody else holds back', () => {
    expect(overload(watched({ processes: 65 }), LANE, false)).toMatchObject({ limit: 'processes' })
    expect(overload(watched({ processes: 65 }), LANE, true)).toBe(null)
    expect(overload(watched({ memory: 300e6 }), LANE, false)?.text).toContain('it used 300 MB')
  })

  it('tells its own limit from memory that was short for all', () => {
    expect(metLimit(watched({ memoryKills: 1, peakMemory: 90e6 }), LANE)?.text).toContain(
      'limits.totalMemory',
    )
    expect(metLimit(watched({ memoryKills: 1, peakMemory: 256e6 }), LANE)?.text).toContain('limit of 256 MB')
  })

  it('remembers the most open files', () => {
    expect(metLimit(watched({ mostFiles: 498 }, { mostFiles: 3 }), LANE)).toMatchObject({ limit: 'files' })
    expect(metLimit(watched({ mostFiles: 300 }), LANE)).toBe(null)
  })
})

it('a full lane gets some room to clear up', () => {
  expect([diskCeiling(100, 0), diskCeiling(100, 95), diskCeiling(100, 200)]).toEqual([100, 105, 210])
})

it('sizes are for people', () => {
  expect([0, 1500, 512e6, 1.24e9, 240e9].map(inBytes)).toEqual([
    '0 B',
    '1.5 kB',
    '512 MB',
    '1.2 GB',
    '240 GB',
  ])
})

it('a disk is short of bytes or of files, and files alone where nobody switched the floor off', () => {
  expect(shortOf({ bytes: 9, files: null }, 10)).toBe('bytes')
  expect(shortOf({ bytes: 10, files: 4999 }, 10)).toBe('files')
  expect([shortOf({ bytes: 10, files: 5000 }, 10), shortOf({ bytes: 0, files: 0 }, 0)]).toEqual([null, null])
  expect([floorCause('files', 0, 499), floorCause('bytes', 0, 4_999_999)]).toEqual([null, null])
  expect(floorCause('files', 0, 500)?.text).toMatch(/room for 0 more files, and this lane made most: 500 /)
  expect([filesGoFast(25_000, 14_000), filesGoFast(25_000, 16_000), filesGoFast(null, 1)]).toEqual([
    true,
    false,
    false,
  ])
})
