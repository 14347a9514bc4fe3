import { describe, it } from 'vitest'
import { HELD } from '../fixtures/landing/cases.ts'
import { FREE } from '../fixtures/landing/free-cases.ts'
import { INTERRUPTIONS } from '../fixtures/landing/interruptions.ts'
import { landAllTheTime, landOnce } from '../fixtures/landing/lander.ts'
import { playFree, playHeld, playInterrupted } from '../fixtures/landing/play.ts'
import { WORKLANE } from '../fixtures/product.ts'

/** The essential ones, in changing styles; all of them in every style: npm run prove -- landing-respects-people. */
describe('landing respects what people have in main', () => {
  it.each([
    ['merge', 'a tracked file is staged and changed further, and is then committed'],
    ['rebase', 'all of it at once'],
    ['merge', 'main is in the middle of a rebase'],
  ] as const)('%s: held, and lands with the next `worklane land`: %s', async (style, name) => {
    await playHeld(WORKLANE, named(HELD, name), style, landOnce)
  })

  it.each([['squash', 'main is checked out elsewhere, and dirty there']] as const)(
    '%s: held, and lands by itself while `worklane up` runs: %s',
    async (style, name) => {
      await playHeld(WORKLANE, named(HELD, name), style, landAllTheTime)
    },
  )

  it.each([['rebase', 'main is not checked out, and the same files are dirty on another branch']] as const)(
    '%s: lands at once: %s',
    async (style, name) => {
      await playFree(WORKLANE, named(FREE, name), style)
    },
  )

  it.each([
    ['squash', 'a person commits to main'],
    ['rebase', 'a person changes a file that the task changes'],
  ] as const)('%s: between the merge and the move: %s', async (style, name) => {
    await playInterrupted(WORKLANE, named(INTERRUPTIONS, name), style)
  })
})

function named<T extends { readonly name: string }>(all: readonly T[], name: string): T {
  const found = all.find((one) => one.name === name)
  if (found === undefined) throw new Error(`There is no case "${name}".`)
  return found
}
