import * as z from 'zod'
import { testAllAttempts } from '../engine/self-test.ts'
import { operation } from './operation.ts'

export default operation({
  summary: 'Try to break out of the walls, in some forty ways',
  examples: ['worklane sandbox test', 'worklane sandbox test --json'],
  input: z.object({}),
  run: async ({ world }) => await testAllAttempts(world),
})
