/**
 * Runs a proof: `npm run prove -- NAME [--sample] [--seed N] [--repo DIR]… [--SIZE N]…`. Without a name it lists them.
 * A run bundles the product, keeps a copy of its own to work with, and goes on where an interrupted one was. In its
 * full size it writes its figures to docs/proofs/NAME.md.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { PROOFS } from '../test/proofs/all.ts'
import { figuresTable, writePage } from '../test/proofs/page.ts'
import { duration, type Params, type Proof } from '../test/proofs/proof.ts'
import { openRounds } from '../test/proofs/rounds.ts'

// npm starts scripts at the root of the package and says where the caller was.
const calledFrom = process.env.INIT_CWD ?? process.cwd()
process.chdir(resolve(import.meta.dirname, '..'))

const sizes = [...new Set(PROOFS.flatMap(({ full }) => Object.keys(full)))]
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    repo: { type: 'string', multiple: true },
    ...Object.fromEntries(sizes.map((size) => [size, { type: 'string' } as const])),
  },
})
const [name] = positionals
const seed = Number(values.seed)
const repositories = (values.repo ?? []).map((path) => resolve(calledFrom, path))
const [repository] = repositories
const proof = PROOFS.find((one) => one.name === name)
if (name === undefined) list()
else {
  const wrong = whatIsWrong()
  if (wrong === null && proof !== undefined) await prove(proof)
  else {
    console.error(wrong)
    list()
    process.exitCode = 2
  }
}

function whatIsWrong(): string | null {
  if (proof === undefined) return `There is no proof ${name}.`
  if (!Number.isInteger(seed)) return `--seed ${values.seed} is no number.`
  const odd = Object.entries(paramsOf(proof)).find(([, value]) => !Number.isInteger(value) || value < 0)
  if (odd !== undefined) return `--${odd[0]} is no number.`
  const missing = proof.needsRepository === true && repository === undefined && !values.sample
  return missing ? `${name} needs --repo DIR, a local clone of a public repository.` : null
}

/** The size that is asked for: the sample or the full one, with single numbers changed. */
function paramsOf({ sample, full }: Proof): Params {
  const asked = new Map(Object.entries(values))
  const change = ([key, value]: [string, number]): [string, number] => [key, Number(asked.get(key) ?? value)]
  return Object.fromEntries(Object.entries(values.sample ? sample : full).map(change))
}

function list(): void {
  console.log('npm run prove -- NAME [--sample] [--seed N] [--repo DIR]… [--SIZE N]…\n')
  for (const one of PROOFS) console.log(`  ${one.name.padEnd(24)} ${one.line}`)
}

async function prove(chosen: Proof): Promise<void> {
  // A hermetic git: no configuration of the machine reaches a proof.
  const config = resolve('test/fixtures/gitconfig')
  Object.assign(process.env, { GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: config, LC_ALL: 'C' })
  const product = copyOfTheProduct()
  const params = paramsOf(chosen)
  const rounds = openRounds(chosen.name, JSON.stringify([params, seed, product.digest]))
  if (rounds.done > 0) console.log(`${rounds.done} rounds are done already; going on.`)
  const began = performance.now()
  try {
    const { once } = rounds
    const say = (text: string): void => console.log(`  ${text}`)
    const given = repository === undefined ? {} : { repository, repositories }
    const figures = await chosen.run(params, { seed, worklane: product.launcher, say, once, ...given })
    rounds.forget()
    console.log(`\n${chosen.line}\n`)
    for (const [key, value] of Object.entries(figures)) console.log(`  ${key}: ${value}`)
    console.log(`\nproved in ${duration(performance.now() - began)}`)
    if (JSON.stringify(params) === JSON.stringify(chosen.full)) tell(chosen, figures)
  } finally {
    rmSync(product.directory, { recursive: true, force: true })
  }
}

function tell({ name: of, line, full }: Proof, figures: Parameters<typeof figuresTable>[0]): void {
  const options = `${' --repo DIR'.repeat(repositories.length)}${seed === 1 ? '' : ` --seed ${seed}`}`
  const command = `npm run prove -- ${of}${options}`
  console.log(writePage({ name: of, line, command, seed, params: full, body: `\n${figuresTable(figures)}` }))
}

/** A build by somebody else in the middle of a proof must not change what is proved. */
function copyOfTheProduct(): { directory: string; launcher: string; digest: string } {
  execFileSync(process.execPath, ['scripts/build.ts'], { stdio: 'inherit' })
  const directory = mkdtempSync(join(tmpdir(), 'worklane-product-'))
  // A proof may start it as another user.
  chmodSync(directory, 0o755)
  for (const part of ['bin', 'dist', 'package.json']) cpSync(part, join(directory, part), { recursive: true })
  symlinkSync(resolve('node_modules'), join(directory, 'node_modules'))
  const digest = createHash('sha256')
  for (const file of readdirSync('dist').sort()) digest.update(readFileSync(join(directory, 'dist', file)))
  return { directory, launcher: join(directory, 'bin', 'worklane'), digest: digest.digest('hex') }
}
