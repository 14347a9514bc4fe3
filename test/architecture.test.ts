import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { build } from 'esbuild'
import { expect, test } from 'vitest'

const SRC = resolve('src')
const FILES = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file))

interface Rule {
  readonly rooms: readonly string[]
  /** Rooms of which only the types may be imported. */
  readonly typesOf?: readonly string[]
  readonly libraries?: false
}
const RULES: Readonly<Record<string, Rule>> = {
  main: { rooms: ['doors', 'operations'] },
  doors: { rooms: ['operations', 'board'], typesOf: ['config'] },
  operations: { rooms: ['engine', 'ledger', 'board', 'config', 'host'] },
  engine: { rooms: ['ledger', 'board', 'config', 'host'] },
  ledger: { rooms: ['board'] },
  config: { rooms: ['board'] },
  host: { rooms: ['board'] },
  board: { rooms: [], libraries: false },
}

/** `file → imported` for every import below src/, both relative to it; a library keeps its own name. */
async function imports(kind: 'values' | 'types too'): Promise<ReadonlySet<string>> {
  const found = new Set<string>()
  await build({
    entryPoints: FILES.map((file) => join(SRC, file)),
    bundle: true,
    write: false,
    outdir: 'unused',
    format: 'esm',
    jsx: 'automatic',
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: kind === 'types too' } },
    plugins: [
      {
        name: 'record',
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /./ }, ({ importer, path, resolveDir, kind: how }) => {
            if (how === 'entry-point') return undefined
            const to = path.startsWith('.') ? resolve(resolveDir, path).slice(SRC.length + 1) : path
            found.add(`${importer.slice(SRC.length + 1)} → ${to}`)
            return { external: true }
          })
          if (kind === 'types too')
            onLoad({ filter: /\.tsx?$/ }, ({ path }) => ({
              contents: readFileSync(path, 'utf8').replace(
                /^(import(?= type [{*\w])|export(?= type [{*])) type/gm,
                '$1',
              ),
              loader: path.endsWith('x') ? 'tsx' : 'ts',
            }))
        },
      },
    ],
  })
  return found
}

const roomOf = (file: string): string => (file.includes('/') ? dirname(file).split('/')[0] : 'main') ?? ''
const ends = (arrow: string): [string, string] => arrow.split(' → ') as [string, string]

function objection(arrow: string, isValue: boolean): string | null {
  const [from, to] = ends(arrow)
  const [room, target] = [roomOf(from), roomOf(to)]
  const rule = RULES[room]
  if (!FILES.includes(to)) return rule?.libraries === false ? `${arrow}: no libraries here` : null
  if (room === target || rule?.rooms.includes(target)) return null
  if (!isValue && rule?.typesOf?.includes(target)) return null
  return `${arrow}: ${room} may not import ${target}`
}

/** Files of other floors of the engine that a floor reaches, directly or through the shared files of the engine. */
function trespasses(arrows: readonly string[]): string[] {
  const floorOf = (file: string): string => /^engine\/([^/]+)\//.exec(file)?.[1] ?? ''
  const inEngine = arrows
    .map(ends)
    .filter(([from, to]) => roomOf(from) === 'engine' && roomOf(to) === 'engine')
  return [...new Set(FILES.map(floorOf))].filter(Boolean).flatMap((floor) => {
    const reached = new Set(FILES.filter((file) => floorOf(file) === floor))
    for (const file of reached) for (const [from, to] of inEngine) if (from === file) reached.add(to)
    const strange = [...reached].filter((file) => !['', floor].includes(floorOf(file)))
    return strange.map((file) => `engine/${floor} reaches ${file}: floors meet in the ledger`)
  })
}

test('imports follow the arrows between the rooms', async () => {
  const [values, all] = await Promise.all([imports('values'), imports('types too')])
  expect(all.size).toBeGreaterThan(FILES.length / 2)
  const objections = [...all].map((arrow) => objection(arrow, values.has(arrow))).filter(Boolean)
  const unknown = FILES.map(roomOf).filter((room) => !(room in RULES))
  expect([...objections, ...trespasses([...all]), ...unknown]).toEqual([])
})

test('no drawers, no wholesale re-exports, no file above 300 lines', () => {
  const wrong = FILES.flatMap((file) => {
    const text = readFileSync(join(SRC, file), 'utf8')
    const lines = text.split('\n').length - 1
    return [
      /^(utils?|helpers?|common|manager|misc)\b/.test(basename(file)) ? `${file}: a drawer` : '',
      /^export \*/m.test(text) ? `${file}: export *` : '',
      lines > 300 ? `${file}: ${lines} lines` : '',
    ].filter(Boolean)
  })
  expect(wrong).toEqual([])
})
