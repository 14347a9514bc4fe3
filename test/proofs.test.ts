import { expect, test } from 'vitest'
import { WORKLANE } from './fixtures/product.ts'
import { PROOFS } from './proofs/all.ts'

/** A busy machine takes several times as long as a quiet one, where each is some seconds. */
const PATIENCE = 240_000

/** The small form of each long test. The full ones: npm run prove. */
test.each(PROOFS)('sample of $name', { timeout: PATIENCE }, async (proof) => {
  const said: string[] = []
  const figures = await proof.run(proof.sample, {
    seed: 1,
    worklane: WORKLANE,
    say: (text) => said.push(text),
    once: async (_round, work) => await work(),
  })
  expect(Object.keys(figures)).not.toEqual([])
})
