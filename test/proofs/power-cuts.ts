import assert from 'node:assert/strict'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { canMount, openLoopDisk } from '../fixtures/crashes/loop-disk.ts'
import { claimAndWork, killed, makeScene, repaired, type Scene } from '../fixtures/crashes/scene.ts'
import { ask } from '../fixtures/product.ts'
import { plainGit } from '../fixtures/repository.ts'
import { type Figures, type Proof, type Report, randomNumbers } from './proof.ts'

interface Size {
  readonly [name: string]: number
  /** Power cuts right after "landed" was said. */
  readonly after: number
  /** Power cuts at a random moment of a landing. */
  readonly during: number
}

type Outcome = 'landed' | 'landed when asked again'

export const powerCuts: Proof<Size> = {
  name: 'power-cuts',
  line: 'The power is cut right after "landed" is said, and in the middle of landings: what was said to have landed is on main, main never names anything that is not there, the next start repairs the rest.',
  sample: { after: 1, during: 0 },
  full: { after: 30, during: 30 },
  async run({ after, during }, report): Promise<Figures> {
    if (!canMount()) return { 'not tried: mounting a disk of its own takes root': 0 }
    const random = randomNumbers(report.seed)
    const outcomes: Outcome[] = []
    for (let n = 1; n <= after + during; n += 1) {
      const at = random()
      const name = n <= after ? `${n}: after landing` : `${n}: at ${at.toFixed(3)} of a landing`
      outcomes.push(await report.once(name, async () => await cut(report, name, n <= after ? null : at)))
    }
    return {
      'power cuts right after "landed" was said': after,
      'of them with the landing lost, or main broken': 0,
      'power cuts in the middle of a landing': during,
      'of them with main broken': 0,
      'of them with the task on main afterwards, at once or when asked again': outcomes.length - after,
      'ledgers that were not whole': 0,
    }
  },
}

/** `at`: how far into a landing, from 0 to 1; null: right after it. */
async function cut(report: Report, name: string, at: number | null): Promise<Outcome> {
  report.say(name)
  using disk = openLoopDisk()
  const scene = makeScene(report.worklane, { parent: disk.directory })
  const { task, epoch } = await claimAndWork(scene, 'One')
  await scene.ask('complete', String(task.id), '--epoch', String(epoch))
  // What came before has long been written; the kernel does so by itself within half a minute.
  disk.settle()
  if (at === null) await scene.ask('land')
  else await killed(scene, { args: ['land', '--json'], at: at * 600 })
  disk.cutPower()
  return await check(scene, at === null)
}

/** As if another start of the machine had seen it last. */
function forgetBoot({ repository }: Scene): void {
  const ledger = new Database(join(repository.gitDir, 'worklane/ledger.db'))
  ledger.prepare("insert or replace into setting (key, value) values ('boot', 'former')").run()
  ledger.close()
}

async function check(scene: Scene, saidLanded: boolean): Promise<Outcome> {
  const { root } = scene
  // Every ref, and everything that main needs, is there at once; objects that nothing names may be half written.
  plainGit(root, 'rev-list', '--objects', '--all', '--quiet')
  const has = (): boolean => plainGit(root, 'ls-tree', '--name-only', 'main').includes('committed-1')
  if (saidLanded) assert.ok(has(), 'what had landed is lost')
  forgetBoot(scene)
  await repaired(scene)
  assert.equal(plainGit(root, 'fsck', '--full', '--no-dangling', '--no-progress'), '')
  const landed = has()
  const again = landed ? null : await ask(scene.worklane, root, 'land')
  assert.ok(has(), `it does not land any more: ${JSON.stringify(again)}`)
  assert.equal(plainGit(root, 'status', '--porcelain'), ' M dir/b.txt\n?? mine.txt')
  return landed ? 'landed' : 'landed when asked again'
}
