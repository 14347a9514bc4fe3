import { describe, expect, test } from 'vitest'
import { makeLane, portrait } from './lane.ts'
import { STATES } from './states.ts'

describe.concurrent('an archived lane comes back', () => {
  test.for(STATES)('$name', async (state) => {
    using lane = await makeLane(state.prepare)
    state.bring(lane)
    // Twice: the first look lets git refresh its index.
    portrait(lane)
    const before = portrait(lane, state.leftOut)
    await lane.archive()
    expect(await lane.verify()).toEqual([])
    expect(portrait(lane, state.leftOut)).toEqual(before)
    lane.remove()
    const { problems } = await lane.restore()
    expect(problems).toEqual([])
    expect(portrait(lane, state.leftOut)).toEqual(before)
    state.then?.(lane)
    lane.repository.git('fsck', '--no-dangling', '--no-progress')
  })
})
