import * as z from 'zod'
import { weighArchives } from '../engine/lanes/archives.ts'
import { keptArchives } from '../ledger/archives.ts'
import { viewArchive } from './archive-view.ts'
import { operation } from './operation.ts'

export default operation({
  summary: 'List the archives of removed lanes',
  examples: ['worklane archive list'],
  withDefaults: 'warned',
  input: z.object({}),
  async run({ world }) {
    const archives = await weighArchives(world, await keptArchives(world.ledger.db))
    return {
      archives: archives.map(viewArchive),
      bytes: archives.reduce((sum, { bytes }) => sum + bytes, 0),
      atMost: world.settings.archive.atMost,
    }
  },
})
