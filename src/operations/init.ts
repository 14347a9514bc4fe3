import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { isRefusal } from '../board/refusal.ts'
import { detectProject } from '../config/detect-project.ts'
import { SETTINGS_FILE } from '../config/settings.ts'
import { settingsTemplate } from '../config/settings-template.ts'
import { baseBranch } from '../engine/base.ts'
import { hideLanes, readyRepository } from '../engine/repository.ts'
import { operation } from './operation.ts'

export default operation({
  summary: 'Set a repository up: settings file and ledger',
  examples: ['worklane init'],
  input: z.object({}),
  async run({ world }) {
    const ready = await readyRepository(world)
    if (ready !== null) return ready
    const base = await baseBranch(world)
    if (isRefusal(base)) return base
    await hideLanes(world)
    const file = join(world.repository.root, SETTINGS_FILE)
    const found = await detectProject(world.repository.root)
    const written = !existsSync(file)
    if (written) await writeFile(file, settingsTemplate(found), { flag: 'wx' })
    return {
      base,
      settings: file,
      written,
      verify: written ? found.verify : world.settings.landing.verify,
      ledger: world.ledger.path,
    }
  },
})
