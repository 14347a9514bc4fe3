/**
 * Runs a proof: `npm run prove -- NAME [--sample] [--seed N]`. Without a name it lists them. A full run bundles the
 * product, keeps a copy of its own to work with, goes on where an interrupted one was, and writes its figures to
 * docs/proofs/NAME.md.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { PROOFS } from '../test/proofs/all.ts'
import { figuresTable, writePage } from '../test/proofs/page.ts'
import { duration, type Proof } from '../test/proofs/proof.ts'
import { openRounds } from '../test/proofs/rounds.ts'

process.chdir(resolve(import.meta.dirname, '..'))

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { sample: { type: 'boolean', default: false }, seed: { type: 'string', default: '1' } },
})
const [name] = positionals
const seed = Number(values.seed)
const proof = PROOFS.find((one) => one.name === name)
if (name === undefined) list()
else if (proof === undefined || !Number.isInteger(seed)) {
  console.error(proof === undefined ? `There is no proof ${name}.` : `--seed ${values.seed} is no number.`)
  list()
  process.exitCode = 2
} else await prove(proof)

function list(): void {
  console.log('npm run prove -- NAME [--sample] [--seed N]\n')
  for (const one of PROOFS) console.log(`  ${one.name.padEnd(14)} ${one.line}`)
}

async function prove(chosen: Proof): Promise<void> {
  // A hermetic git: no configuration of the machine reaches a proof.
  const config = resolve('test/fixtures/gitconfig')
  Object.assign(process.env, { GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: config, LC_ALL: 'C' })
  const product = copyOfTheProduct()
  const params = values.sample ? chosen.sample : chosen.full
  const rounds = openRounds(chosen.name, JSON.stringify([params, seed, product.digest]))
  if (rounds.done > 0) console.log(`${rounds.done} rounds are done already; going on.`)
  const began = performance.now()
  try {
    const { once } = rounds
    const say = (text: string): void => console.log(`  ${text}`)
    const figures = await chosen.run(params, { seed, worklane: product.launcher, say, once })
    rounds.forget()
    console.log(`\n${chosen.line}\n`)
    for (const [key, value] of Object.entries(figures)) console.log(`  ${key}: ${value}`)
    console.log(`\nproved in ${duration(performance.now() - began)}`)
    if (!values.sample) tell(chosen, figures)
  } finally {
    rmSync(product.directory, { recursive: true, force: true })
  }
}

function tell({ name: of, line, full }: Proof, figures: Parameters<typeof figuresTable>[0]): void {
  const command = `npm run prove -- ${of}${seed === 1 ? '' : ` --seed ${seed}`}`
  console.log(writePage({ name: of, line, command, seed, params: full, body: `\n${figuresTable(figures)}` }))
}

/** A build by somebody else in the middle of a proof must not change what is proved. */
function copyOfTheProduct(): { directory: string; launcher: string; digest: string } {
  execFileSync(process.execPath, ['scripts/build.ts'], { stdio: 'inherit' })
  const directory = mkdtempSync(join(tmpdir(), 'worklane-product-'))
  for (const part of ['bin', 'dist', 'package.json']) cpSync(part, join(directory, part), { recursive: true })
  symlinkSync(resolve('node_modules'), join(directory, 'node_modules'))
  const digest = createHash('sha256')
  for (const file of readdirSync('dist').sort()) digest.update(readFileSync(join(directory, 'dist', file)))
  return { directory, launcher: join(directory, 'bin', 'worklane'), digest: digest.digest('hex') }
}
