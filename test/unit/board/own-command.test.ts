import { expect, test } from 'vitest'
import { runsRepositoryCode } from '../../../src/board/own-command.ts'

const inRepository = (path: string): boolean => ['tools/x.sh', 'x.sh', 'strip.py'].includes(path)
const isInside = (path: string): boolean => path.startsWith('/repository/')

test.each([
  'git-lfs clean -- %f',
  'git lfs smudge -- %f',
  'nbstripout',
  '/usr/bin/strip --all',
  '~/bin/x',
  'cat',
  '',
])('%j runs nothing of the repository', (command) =>
  expect(runsRepositoryCode(command, inRepository, isInside)).toBe(false),
)

test.each([
  './tools/x.sh',
  'tools/x.sh %f',
  'sh x.sh',
  'python strip.py',
  'sh -c "tools/x.sh"',
  'cat | ../x',
  '/repository/tools/x.sh %A',
  "sh './x'",
])('%j runs what lies in the repository', (command) =>
  expect(runsRepositoryCode(command, inRepository, isInside)).toBe(true),
)
