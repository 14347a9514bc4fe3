import * as z from 'zod'
import type { Finding } from '../engine/health/finding.ts'
import { lookAround } from '../engine/health/look.ts'
import { plannedRepairs, repair } from '../engine/repair.ts'
import type { World } from '../engine/world.ts'
import { operation } from './operation.ts'

export default operation({
  summary: 'Find what is not as it should be, and repair it',
  examples: ['worklane doctor', 'worklane doctor --fix'],
  input: z.object({ fix: z.boolean().optional().describe('Carry the repairs out that are safe') }),
  async run({ world }, { fix }) {
    const findings = await look(world)
    if (fix !== true) return { findings, fixed: [] }
    await repair(world)
    const left = await look(world)
    return { findings: left, fixed: findings.filter((one) => !left.some(({ what }) => what === one.what)) }
  },
})

async function look(world: World): Promise<Finding[]> {
  const fix = 'worklane doctor --fix'
  const planned = (await plannedRepairs(world)).map(
    ({ key, what, why = '' }): Finding => ({ code: key.split('/')[0] ?? key, what, why, fix, fixable: true }),
  )
  return [...planned, ...(await lookAround(world))]
}
