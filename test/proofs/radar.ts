import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Comparison } from '../../bench/pairs.ts'
import { radarOfLanes } from '../../bench/radar.ts'
import { fillBoard } from '../fixtures/board.ts'
import { background, until } from '../fixtures/cli.ts'
import { demand } from '../fixtures/product.ts'
import { makeRepository, plainGit, temporaryDirectory } from '../fixtures/repository.ts'
import { treeOf } from './claim-crowd.ts'
import { duration, type Figures, median, type Proof, type Report } from './proof.ts'
import { publicName } from './public-name.ts'

interface Size {
  readonly [name: string]: number
  /** Pairs of measurements of a row. */
  readonly rows: number
  /** Lanes that are watched, files of each, and writes that are waited for. */
  readonly lanes: number
  readonly files: number
  readonly writes: number
}

export const radar: Proof<Size> = {
  name: 'radar',
  line: '48 lanes from one base of a real repository: the whole matrix, the row of one lane, and the row after an edit, against one `git merge-tree` process for each pair: no difference, the matrix five times as fast, a row within 150 ms. What is written into a lane, uncommitted or untracked, is in the matrix within 2 s.',
  sample: { rows: 0, lanes: 4, files: 30, writes: 2 },
  full: { rows: 15, lanes: 48, files: 500, writes: 20 },
  needsRepository: true,
  async run(size, report): Promise<Figures> {
    const wide = size.rows === 0 ? {} : await report.once('matrix', async () => await matrixOf(size, report))
    const times = await report.once('writes', async () => await writesSeen(size, report))
    const slowest = Math.max(...times)
    assert.ok(slowest < 2000, `a write was seen after ${slowest} ms`)
    return {
      ...wide,
      [`lanes that are watched, of ${size.files} files`]: size.lanes,
      'a write is in the matrix after (median, slowest)': `${duration(median(times))}, ${duration(slowest)}`,
    }
  },
}

async function matrixOf(size: Size, report: Report): Promise<Figures> {
  const top = temporaryDirectory()
  const root = join(top, 'repo')
  const source = report.repository
  if (source === undefined) throw new Error('--repo names a clone of a public repository')
  plainGit(top, 'clone', '-q', '--shared', source, root)
  const lines = await radarOfLanes(root, { files: 0, tasks: 0, pairs: size.rows })
  const [matrix, row] = lines
  assert.ok(matrix !== undefined && matrix.ratio <= 0.2, `the matrix took ${matrix?.ratio} of the time`)
  assert.ok(row !== undefined && row.ours <= 150, `a row took ${row?.ours} ms`)
  return {
    repository: `${publicName(source)}, ${plainGit(root, 'ls-files').split('\n').length} files`,
    ...Object.fromEntries(lines.map((line) => [`${line.what} (ours, ${line.against})`, told(line)])),
    'pairs on which the radar and git differ': 0,
  }
}

function told({ ours, theirs, ratio }: Comparison): string {
  return `${duration(ours)}, ${duration(theirs)}: ${(1 / ratio).toFixed(1)} times as fast`
}

/** Milliseconds from a write in a lane until the engine's matrix has the overlap that it makes. */
async function writesSeen({ lanes, files, writes }: Size, report: Report): Promise<number[]> {
  using repository = makeRepository(treeOf(files, report.seed))
  const { root, gitDir } = repository
  const ids = await fillBoard(
    gitDir,
    Array.from({ length: lanes }, (_, at) => `Piece of work ${at}`),
  )
  const paths: string[] = []
  for (const id of ids) {
    const claim = ['claim', String(id), '--as', 'ann']
    const { lane } = await demand<{ lane: { path: string } }>(report.worklane, root, ...claim)
    paths.push(lane.path)
  }
  const engine = background(root, 'up', '-j', '0')
  const byEngine = async (): Promise<boolean> =>
    (await demand<{ by: string }>(report.worklane, root, 'radar')).by === 'engine'
  await until('the engine looks', byEngine, 120_000)
  const watch = spawn(report.worklane, ['radar', '--watch', '--json'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let latest = ''
  createInterface(watch.stdout).on('line', (line) => {
    latest = line
  })
  try {
    await until('something is told', () => latest !== '')
    const times: number[] = []
    for (let n = 0; n < writes; n += 1) {
      const [a, b] = [(2 * n) % lanes, (2 * n + 1) % lanes]
      const name = n % 2 === 0 ? `new-${n}.txt` : (Object.keys(treeOf(files, report.seed))[n] ?? '')
      writeFileSync(join(paths[a] ?? '', name), `of ${a}\n`)
      const began = performance.now()
      writeFileSync(join(paths[b] ?? '', name), `of ${b}\n`)
      const tasks = `"tasks":[${ids[a]},${ids[b]}]`
      await until(`the overlap ${tasks} is seen`, () => latest.includes(tasks))
      times.push(Math.round(performance.now() - began))
    }
    report.say(`${writes} writes, seen after ${duration(median(times))}`)
    return times
  } finally {
    watch.kill()
    engine.kill('SIGTERM')
  }
}
