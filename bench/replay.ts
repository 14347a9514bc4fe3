/**
 * Predicts the newest N merges of a repository from their two sides alone, and compares with plain git and with what
 * history has: `node bench/replay.ts REPO [N] [--json]`. REPO is a local checkout or a bare repository; only read.
 */
import { parseArgs } from 'node:util'
import Table from 'cli-table3'
import { gitDirectoryOf, recordedMerges } from '../test/fixtures/replay/recorded-merges.ts'
import {
  countReplay,
  disagrees,
  type ReplayedMerge,
  replayMerges,
} from '../test/fixtures/replay/replay-merges.ts'
import { duration } from '../test/proofs/proof.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false } },
})
const [repository, most = '1500'] = positionals
if (repository === undefined || !/^[1-9]\d*$/.test(most)) {
  console.error('node bench/replay.ts REPO [N] [--json]')
  process.exit(2)
}

/** Merges to a batch. */
const ROUND = 250

const recorded = recordedMerges(repository, Number(most))
const merges: ReplayedMerge[] = []
const took = { batch: 0, plain: 0 }
for (let at = 0; at < recorded.length; at += ROUND) {
  const replay = await replayMerges(gitDirectoryOf(repository), recorded.slice(at, at + ROUND))
  merges.push(...replay.merges)
  took.batch += replay.took.batch
  took.plain += replay.took.plain
}
const counts = countReplay(merges)
const differing = merges.filter(disagrees)
const each = (milliseconds: number): string =>
  `${duration(milliseconds)}, ${(milliseconds / Math.max(merges.length, 1)).toFixed(1)} ms each`

if (values.json) {
  const { batch, plain } = took
  const different = differing.map(({ commit, predicted, plain: git }) => ({ commit, predicted, git }))
  console.log(JSON.stringify({ ...counts, milliseconds: { batch, plain }, different }, null, 2))
} else {
  const table = new Table({ style: { head: [], border: [] } })
  table.push(
    ['merges of two parents', counts.merges],
    ['on the main line', counts.mainLine],
    ['predicted clean', counts.clean],
    ['predicted conflict', counts.conflict],
    ['unknown', counts.unknown],
    ['conflicts called clean', counts.missed],
    ['other differences from plain git', counts.disagree],
    ['crashes of plain git', counts.crashed],
    ['predicted clean, tree as recorded', counts.asRecorded],
    ['predicted clean, people recorded another tree', counts.otherwise],
    ['predictions took', each(took.batch)],
    ['plain git took', each(took.plain)],
  )
  console.log(table.toString())
  for (const { commit, predicted, plain } of differing)
    console.log(`${commit}: predicted ${predicted.kind}, plain git ${plain.kind}`)
}
process.exitCode = counts.missed + counts.disagree === 0 ? 0 : 1
