/**
 * Compares Worklane with plain git and plain Node, in pairs within one run: `npm run bench [-- --sample | --page | --pairs N]`.
 * `--sample` is small and judges nothing; `--page` writes the figures to docs/proofs/bench.md.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import Table from 'cli-table3'
import { WORKLANE } from '../test/fixtures/product.ts'
import { describeMachine } from '../test/proofs/machine.ts'
import { markdownTable, writePage } from '../test/proofs/page.ts'
import { type Disk, openDisk, ordinaryDisk } from './disk.ts'
import { lanesByCommand, lanesInEngine, type Size } from './lanes.ts'
import { type Comparison, HEAD, row } from './pairs.ts'
import { makeTree } from './place.ts'
import { radarOfLanes } from './radar.ts'
import { reading } from './reading.ts'
import { wallsInEngine } from './walls.ts'

const FULL: Size = { files: 5000, tasks: 1000, pairs: 21 }
const SAMPLE: Size = { files: 100, tasks: 20, pairs: 1 }

const { values } = parseArgs({
  options: {
    sample: { type: 'boolean', default: false },
    page: { type: 'boolean', default: false },
    pairs: { type: 'string' },
  },
})
const root = resolve(import.meta.dirname, '..')
const config = join(root, 'test/fixtures/gitconfig')
Object.assign(process.env, {
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: config,
  LC_ALL: 'C',
  WORKLANE_SANDBOX: 'none',
})

async function measure(disk: Disk, size: Size): Promise<Comparison[]> {
  const place = (name: string): string => {
    const directory = join(disk.directory, name, 'repository')
    mkdirSync(directory, { recursive: true })
    return directory
  }
  const [engine, commands, walls, radar, board] = ['engine', 'commands', 'walls', 'radar', 'board'].map(
    place,
  ) as [string, string, string, string, string]
  for (const directory of [engine, commands, walls, radar]) await makeTree(directory, size.files)
  await makeTree(board, 20)
  const programs = { worklane: WORKLANE, node: process.execPath }
  return [
    ...(await lanesInEngine(engine, size)),
    ...(await lanesByCommand(commands, WORKLANE, size)),
    ...(await wallsInEngine(walls, size)),
    ...(await radarOfLanes(radar, size)),
    ...(await reading(board, programs, size)),
  ]
}

function print(lines: readonly Comparison[]): void {
  const table = new Table({ head: [...HEAD], style: { head: [], border: [] } })
  table.push(...lines.map(row))
  console.log(table.toString())
}

const asked = values.sample ? SAMPLE : FULL
const size = values.pairs === undefined ? asked : { ...asked, pairs: Number(values.pairs) }
if (!values.sample) execFileSync(process.execPath, ['scripts/build.ts'], { cwd: root, stdio: 'inherit' })
using disk = values.sample ? ordinaryDisk() : openDisk(6)
console.log(`${describeMachine()}\nDisk: ${disk.kind}. Medians of ${size.pairs} pairs, ${size.files} files.`)
const lines = await measure(disk, size)
print(lines)
const missed = lines.filter(({ met }) => !met)
if (values.sample) console.log('A sample: too small to judge by.')
else console.log(missed.length === 0 ? 'Every aim is met.' : `${missed.length} aims are missed.`)
if (values.page)
  console.log(
    writePage({
      name: 'bench',
      line: '`bench/`, paired in one run: lane ready in a running engine within 1.1 x of plain `git worktree add`; the cold `claim` within 1.25 x + 150 ms; removal answered within 0.3 x; a start inside walls at most 20 ms above a plain spawn, a lane with walls within 1.3 x of one without, a small commit out of walls in 50 ms; the matrix of 48 lanes 5 x as fast as `git merge-tree` for each pair, one row in 150 ms; `status` and `task list` with 1,000 tasks within 2.5 x the start-up of the same Node.',
      command: 'npm run bench -- --page',
      params: { files: size.files, tasks: size.tasks, pairs: size.pairs },
      facts: { Disk: disk.kind },
      body: `\nMedians, measured in turn within one run.\n\n${markdownTable(HEAD, lines.map(row))}`,
    }),
  )
