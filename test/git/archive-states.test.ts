import { describe, expect, test } from 'vitest'
import { portrait } from '../fixtures/lane-states/portrait.ts'
import { STATES } from '../fixtures/lane-states/states.ts'
import { makeLane } from './archive/lane.ts'

describe('an archived lane comes back', () => {
  test.for(STATES)('$name', async (state) => {
    using lane = await makeLane(state.prepare)
    state.bring(lane)
    // git refreshes its index whenever it is asked.
    lane.tryGit('status')
    const before = portrait(lane, state.leftOut)
    await lane.archive()
    expect(await lane.verify()).toEqual([])
    lane.remove()
    const { problems } = await lane.restore()
    expect(problems).toEqual([])
    expect(portrait(lane, state.leftOut)).toEqual(before)
    state.after?.(lane)
    lane.repository.git('fsck', '--no-dangling', '--no-progress')
  })
})
