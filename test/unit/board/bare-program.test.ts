import { expect, it } from 'vitest'
import { bareProgram, isOneCommand } from '../../../src/board/bare-program.ts'

it.each([
  ['nosuchagent', 'nosuchagent'],
  [' claude -p "$(cat)"', 'claude'],
  ['python3.12 agent.py', 'python3.12'],
  ['exec claude', 'exec'],
  ['./agent.sh', null],
  ['scripts/agent', null],
  ['KEY=x claude', null],
  ['. ./agent.sh', null],
  ['"my agent" -p', null],
  ['no"such" -p', null],
  ['$AGENT -p', null],
  ['~/bin/agent', null],
  ['agent() { echo x > x; }; agent', null],
  ['agent () { echo x > x; }; agent', null],
  ['(cd sub; agent)', null],
  ['{ agent; }', null],
  ['! agent', null],
  ['agent; true', null],
  ['', null],
])('the bare program of %j is %j', (command, program) => {
  expect(bareProgram(command)).toBe(program)
})

it.each([
  ['agent -p "do it"', true],
  ['agent || claude', false],
  ['agent & claude', false],
  ['agent | tee log', false],
  ['agent\nclaude', false],
  ['agent () { claude; }', false],
])('that %j is one command: %j', (command, one) => {
  expect(isOneCommand(command)).toBe(one)
})
