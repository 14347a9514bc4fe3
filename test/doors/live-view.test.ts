import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { build, type Metafile } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lineText } from '../../src/doors/cli/live/line.ts'
import { viewModel } from '../../src/doors/cli/live/view-model.ts'
import { temporaryDirectory } from '../fixtures/repository.ts'
import { scene } from '../fixtures/run-snapshots.ts'
import { openTerminal, type TerminalOptions, type TestTerminal } from '../fixtures/terminal.ts'

const STEPS = 20
const SUMMARY = [
  'Landed 2 of 3 tasks in 1m01s: #1 #2',
  '',
  'Not landed: 1 task',
  '  #3 Held (done): in the way',
  '     → worklane land 3',
  '',
  'main is at 3f2a1b0, verified with `npm test`.',
  'Stopped before the end; all work is kept. Go on with: worklane run',
]

const directory = temporaryDirectory()
let inputs: string[] = []

/** Bundled as the product is, since Node cannot read JSX. */
beforeAll(async () => {
  const { metafile } = await build({
    entryPoints: ['test/fixtures/programs/live-view.ts'],
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    external: ['react-devtools-core'],
    metafile: true,
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);",
    },
  })
  inputs = loadedAtOnce(metafile)
})
afterAll(() => rmSync(directory, { recursive: true }))

/** Every file that the program loads before its first `import()`. */
function loadedAtOnce({ outputs }: Metafile): string[] {
  const names = new Set(Object.keys(outputs).filter((name) => name.endsWith('/live-view.mjs')))
  for (const name of names)
    for (const { path, kind } of outputs[name]?.imports ?? [])
      if (kind === 'import-statement') names.add(path)
  return [...names].flatMap((name) => Object.keys(outputs[name]?.inputs ?? {}))
}

function start(lanes: number, options: TerminalOptions): TestTerminal {
  return openTerminal([process.execPath, join(directory, 'live-view.mjs'), String(lanes)], options)
}

/** The picture of a step, without the line that has the clock in it. */
function picture(
  lanes: number,
  step: number,
  columns: number,
  rows: number,
  landed: number[] = [],
): string[] {
  return viewModel(scene(lanes, step, STEPS), { columns, rows }, landed)
    .slice(1)
    .map((line) => lineText(line).trimEnd())
}

const endsWith = (lines: readonly string[], end: readonly string[]): boolean =>
  lines.slice(-end.length).join('\n') === end.join('\n')

test('20 snapshots under a terminal: one picture, the last one, and the summary below it', async () => {
  using terminal = start(12, { columns: 80, rows: 24 })
  await terminal.until((lines) => lines[0]?.includes('0/12 landed') === true)
  for (let step = 1; step <= STEPS; step += 1) {
    terminal.write('n\r')
    await terminal.until((lines) => lines[0]?.includes(`${landedAt(step)}/12 landed`) === true)
  }
  terminal.write('end\r')
  expect(await terminal.exited).toBe(0)
  const lines = terminal.lines()
  expect(lines[0]).toMatch(/^main ━+─+ {2}8\/12 landed {2}1m2\ds$/)
  expect(lines.slice(1)).toEqual([...picture(12, STEPS, 80, 24, [10, 9, 8, 7, 6, 4, 2, 1]), '', ...SUMMARY])
  expect(terminal.output).not.toContain('\x1b[?1049h')
  expect(terminal.output.lastIndexOf('\x1b[?25h')).toBeGreaterThan(terminal.output.lastIndexOf('\x1b[?25l'))
})

function landedAt(step: number): number {
  return scene(12, step, STEPS).tasks.filter((task) => task.state === 'landed').length
}

describe('what else happens in a terminal', () => {
  test('time goes by without a snapshot, and nothing else is drawn again', async () => {
    using terminal = start(3, { columns: 80, rows: 24 })
    const clock = (lines: readonly string[]): number => Number(lines[0]?.match(/(\d+)s$/)?.[1] ?? Number.NaN)
    await terminal.until((lines) => clock(lines) >= 2)
    expect(terminal.lines()).toHaveLength(6)
    const frames = terminal.output.split('agents busy').length - 1
    expect(frames).toBeLessThanOrEqual(1 + clock(terminal.lines()))
  })

  test('a smaller window gets a picture that fits, and a line above stays', async () => {
    using terminal = start(50, { columns: 120, rows: 40 })
    await terminal.until((lines) => lines.length > 3)
    terminal.write('say main is behind origin/main\r')
    await terminal.until((lines) => lines[0] === 'main is behind origin/main')
    terminal.resize(60, 12)
    await terminal.until((lines) => endsWith(lines, picture(50, 0, 60, 12).slice(-3)))
    terminal.write('end\r')
    expect(await terminal.exited).toBe(0)
    expect(
      endsWith(terminal.lines(), [...picture(50, 0, 60, 12).slice(-3), '', ...wrapped(SUMMARY, 60)]),
    ).toBe(true)
  })

  test('keys that the terminal shows do not spoil the next picture', async () => {
    using terminal = start(12, { columns: 80, rows: 30, echo: true })
    await terminal.until((lines) => lines.length > 3)
    terminal.write('x\r\r\r')
    terminal.write('n\r')
    await terminal.until((lines) => endsWith(lines, picture(12, 1, 80, 30)))
  })

  test('a stop is told at once', async () => {
    using terminal = start(4, { columns: 80, rows: 24 })
    await terminal.until((lines) => lines.length > 3)
    terminal.write('stop\r')
    await terminal.until((lines) => lines[1] === 'Stopping: waiting for 4 agents. Ctrl-C again stops now.')
  })

  test('colours, and none with NO_COLOR', async () => {
    const colour = /\[\d+m/
    for (const [env, coloured] of [
      [{}, true],
      [{ NO_COLOR: '1' }, false],
    ] as const) {
      using terminal = start(12, { columns: 80, rows: 24, env })
      await terminal.until((lines) => lines.length > 3)
      terminal.write('end\r')
      expect(await terminal.exited).toBe(0)
      expect(colour.test(terminal.output)).toBe(coloured)
    }
  })
})

/** Long lines of the summary are wrapped by the terminal. */
function wrapped(lines: readonly string[], columns: number): string[] {
  return lines.flatMap((line) => line.match(new RegExp(`.{1,${columns}}`, 'g')) ?? [''])
}

test('nothing but the view itself loads ink and react', () => {
  expect(inputs).toContain('src/doors/cli/live/summary.ts')
  expect(inputs.filter((input) => /node_modules\/(ink|react|yoga-layout)\//.test(input))).toEqual([])
})
