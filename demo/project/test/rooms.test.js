import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { items } from '../src/items.js'
import { rooms } from '../src/rooms.js'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

test('every exit leads to a room and back', () => {
  for (const [id, room] of Object.entries(rooms))
    for (const to of Object.values(room.exits))
      assert.ok(Object.values(rooms[to].exits).includes(id), `${to} has no way back to ${id}`)
})

test('every thing lies in a room', () => {
  for (const [id, item] of Object.entries(items)) assert.ok(item.room in rooms, id)
})

test('every room has a row in the README', () => {
  for (const id of Object.keys(rooms)) assert.match(readme, new RegExp(`^\\| ${id} +\\|`, 'm'))
})
