import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { commands } from '../src/registry.js'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

test('every command has one row in the README', () => {
  for (const name of Object.keys(commands))
    assert.equal(readme.match(new RegExp(`^\\| ${name} +\\|`, 'gm'))?.length, 1, name)
})
