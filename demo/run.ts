/**
 * The demonstration: makes a real repository of `project/` in a temporary directory, lets Worklane work on `tasks.md`
 * in it, then looks from outside, mostly with plain git, at what that came to. `--keep` keeps the repository.
 */
import { execFileSync, spawn } from 'node:child_process'
import { cpSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inspect } from './inspect.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const top = realpathSync(mkdtempSync(join(tmpdir(), 'worklane-demo-')))
const repository = join(top, 'lantern')

function makeRepository(): void {
  cpSync(here('project'), repository, { recursive: true })
  const git = (...args: string[]): void => void execFileSync('git', args, { cwd: repository })
  git('init', '--quiet', '--initial-branch=main')
  git('config', 'user.name', 'Demo Agent')
  git('config', 'user.email', 'agent@example.test')
  git('config', 'commit.gpgSign', 'false')
  git('add', '--all')
  git('commit', '--quiet', '--message=A very small text adventure')
}

/** Its live view goes straight to the terminal; Ctrl-C reaches it first, and the report follows. */
async function work(worklane: string): Promise<number> {
  const agent = here('agent.mjs')
  const args = [
    ...['run', here('tasks.md'), '--command', `node ${/\s/.test(agent) ? `'${agent}'` : agent}`],
    ...['-j', '8', '--verify', 'node --test'],
  ]
  const shown = args
    .map((arg) => arg.replaceAll(here('..'), ''))
    .map((arg) => (/[ ']/.test(arg) ? `"${arg}"` : arg))
  console.log(`\n$ worklane ${shown.join(' ')}\n`)
  const child = spawn(worklane, args, { cwd: repository, stdio: 'inherit' })
  return await new Promise((answer, fail) => {
    child.once('error', fail)
    child.once('exit', (code) => answer(code ?? 130))
  })
}

process.on('SIGINT', () => undefined)
makeRepository()
const worklane = here('../bin/worklane')
const exitCode = await work(worklane)
const findings = await inspect({ top, repository, worklane, exitCode })
console.log('\nLooked at from outside:')
for (const { good, text } of findings) console.log(`  ${good ? '✔' : '✘'} ${text}`)
const good = findings.every((finding) => finding.good)
if (good && !process.argv.includes('--keep')) rmSync(top, { recursive: true, force: true })
else console.log(`\nThe repository: ${repository}`)
process.exitCode = good ? 0 : 1
