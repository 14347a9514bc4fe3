#!/usr/bin/env node
/**
 * Stands in for a coding agent, without a model: reads the task and the notes of former attempts on stdin, says what
 * it does, edits files, runs a test and commits. It knows the subjects of tasks.md (recipes.mjs). Like the real ones
 * it is not always right at first, forgets to commit, or ends with an exit code that means nothing.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { RECIPES } from './recipes.mjs'

const prompt = await text(process.stdin)
const subject = /^# (.*)$/m.exec(prompt)?.[1] ?? ''
const base = /started from `([^`]+)`/.exec(prompt)?.[1] ?? 'main'
const notes = prompt
  .split(/^## /m)
  .slice(1)
  .filter((part) => !part.startsWith('Where you work'))
const recipe = RECIPES[subject]

function git(...args) {
  return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim()
}

/** An agent thinks before it speaks. */
async function say(line) {
  await wait(400 + Math.random() * 700)
  console.log(line)
}

function write({ create = {}, edit = {} }) {
  for (const [path, content] of Object.entries(create)) writeFileSync(path, content)
  for (const [path, change] of Object.entries(edit)) writeFileSync(path, change(readFileSync(path, 'utf8')))
}

/** Brings the base in. Where both sides changed a file, takes the base's and does the task's change again. */
async function mergeBase() {
  await say(`git merge ${base}`)
  const merge = spawnSync('git', ['merge', '--no-edit', base], { encoding: 'utf8' })
  if (merge.status === 0) return
  const files = git('diff', '--name-only', '--diff-filter=U', '-z').split('\0').filter(Boolean)
  if (files.length === 0) throw new Error(`git merge failed: ${merge.stderr}`)
  await say(`both sides changed ${files.join(', ')}`)
  git('checkout', '--theirs', '--', ...files)
  write({ edit: Object.fromEntries(Object.entries(recipe.edit).filter(([path]) => files.includes(path))) })
  git('add', '--', ...files)
  git('commit', '--quiet', '--no-edit')
}

async function commit(message, ...paths) {
  git('add', '--', ...paths)
  if (spawnSync('git', ['diff', '--cached', '--quiet']).status === 0) return
  git('commit', '--quiet', '-m', message)
  await say(`committed: ${message}`)
}

if (recipe === undefined) {
  console.error(`This agent does not know how to "${subject}".`)
  process.exit(1)
}
await say(`reading the task: ${subject}`)
for (const note of notes) await say(`a note: ${note.split('\n')[0]}`)
if (notes.length > 0) await mergeBase()

const plan = notes.length === 0 && recipe.first ? { ...recipe, ...recipe.first } : recipe
const sources = Object.keys({ ...plan.create, ...plan.edit }).filter((path) => !path.startsWith('test/'))
const tests = Object.keys({ ...plan.create, ...plan.edit }).filter((path) => path.startsWith('test/'))
await say(`editing ${sources.concat(tests).join(', ')}`)
write(plan)
if (tests.length > 0) {
  await say(`node --test ${tests.join(' ')}`)
  execFileSync('node', ['--test', ...tests], { stdio: ['ignore', 'ignore', 'inherit'] })
}
if (recipe.habit === 'forgets to commit') {
  await say('done, I think')
} else {
  if (sources.length > 0) await commit(subject, ...sources)
  if (tests.length > 0) await commit(`Test: ${subject}`, ...tests)
}
if (recipe.habit === 'exits with 3') process.exitCode = 3
