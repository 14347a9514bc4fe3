import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { detectGroups } from '../../src/host/limits/detect.ts'
import { data, worklane } from '../fixtures/cli.ts'
import { mountSmallDisk } from '../fixtures/full-disk/small-disk.ts'
import { makeRepository } from '../fixtures/repository.ts'

/** In the repository, so that it is there inside the walls too. */
const SOURCE = readFileSync(
  fileURLToPath(new URL('../fixtures/programs/offender.mjs', import.meta.url)),
  'utf8',
)
const OFFENDER = 'node offender.mjs'
const SETTINGS = `agents: { attempts: 1 }
limits: { processes: 64, memory: 256mb, files: 500, disk: 100mb }
`
const CAUSES = {
  processes: /^The limit of 64 processes was reached \(limits\.processes\)/,
  memory: /The memory limit of 256 MB was reached \(limits\.memory\)/,
  disk: /^The disk limit of 100 MB was reached \(limits\.disk\): the lane takes \d+/,
  files: /One of its processes had \d+ files open; the limit is 500 \(limits\.files\)/,
}

it('limits are always shown, with what holds them', async () => {
  using repository = makeRepository({
    'worklane.yaml': 'limits: { processes: 64, memory: 256mb, disk: 2gb }\n',
  })
  const { root } = repository
  const more =
    /^ +a run: no time limit, 20 MB of output; all lanes: \S+ GB memory(?: \(not held here\))?; nothing new below 200 MB of free disk$/m
  const line =
    /^(Limits {3}|· Limits: )a lane: 64 processes, 256 MB memory, \d+ files, 2 GB disk; (by control groups|watched)/m
  for (const view of ['status', 'doctor'])
    for (const part of [line, more]) expect((await worklane(root, view)).out).toMatch(part)
  const limits = { processes: 64, memory: 256_000_000, disk: 2_000_000_000, cpu: null }
  expect(await data(root, 'status')).toMatchObject({ limits: null, laneLimits: limits })
  expect((await data(root, 'doctor')).limits).toMatchObject(limits)
})

it('who takes more than its limits fails with the cause, and the others go on', async () => {
  using repository = makeRepository({ 'a.txt': 'one\n', 'offender.mjs': SOURCE, 'worklane.yaml': SETTINGS })
  const kinds = Object.keys(CAUSES) as (keyof typeof CAUSES)[]
  const tasks = [
    ...kinds.map((kind) => ({ subject: kind, command: `${OFFENDER} ${kind}` })),
    { subject: 'calm', command: 'echo two > b.txt && git add b.txt && git commit -qm two' },
  ]
  const file = join(repository.root, '../tasks.json')
  writeFileSync(file, JSON.stringify(tasks))
  const said = await worklane(repository.root, 'run', file, '-j', '5', '--json')
  const summary = JSON.parse(said.out.trim().split('\n').at(-1) ?? '').data
  expect([said.code, summary.landed]).toEqual([1, [5]])
  for (const [at, kind] of kinds.entries()) {
    const { state, runs, lanes, notes } = await data(repository.root, 'task', 'show', String(at + 1))
    const seen = JSON.stringify({ state, runs, notes })
    expect(state, seen).toBe('failed')
    // Without groups a fork bomb and a hog are only watched, which sees the same but says it in other words.
    if (detectGroups().found !== null) expect(notes.at(-1).text, seen).toMatch(CAUSES[kind])
    if (kind === 'disk') expect(existsSync(join(lanes[0].path, 'filler-0')), seen).toBe(true)
  }
})

it.runIf(detectGroups().found?.homes.memory !== undefined)(
  'work that succeeds although the system killed a program of it says so',
  async () => {
    using repository = makeRepository({ 'offender.mjs': SOURCE, 'worklane.yaml': SETTINGS })
    const said = await worklane(repository.root, 'run', 'x', '--command', `${OFFENDER} memory; echo x > x`)
    expect(said.out).toMatch(/done: 1 commit\. The memory limit of 256 MB was reached .* ended \d+ of its/)
    expect(said.code).toBe(0)
  },
)

it('who makes all the files that the disk takes is ended, told so, and has used an attempt', async ({
  skip,
}) => {
  using disk = mountSmallDisk()
  if (disk === null) return skip('nothing can be mounted here')
  const settings = 'agents: { attempts: 1 }\nlimits: { freeDisk: 10mb }\n'
  using repository = makeRepository({ 'worklane.yaml': settings }, disk.directory)
  // What it has at first must be known.
  const agent = 'sleep 1; n=0; while true > f$((n+=1)); do :; done; sleep 60'
  await worklane(repository.root, 'run', 'x', '--command', agent)
  const { state, notes } = await data(repository.root, 'task', 'show', '1')
  expect([state, notes.at(-1)?.text]).toEqual([
    'failed',
    expect.stringMatching(/this lane made most: \d+ in/),
  ])
})
