import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { namedPaths } from '../../src/host/sandbox/named-paths.ts'
import { temporaryDirectory } from '../fixtures/repository.ts'

test('what a command names can be read: a script with its directory, but never HOME, the checkout or what holds them', () => {
  const top = temporaryDirectory()
  const [home, root, lanes] = [join(top, 'home'), join(top, 'home/repo'), join(top, 'home/lanes')]
  const commonDir = join(top, 'gits/repo.git')
  for (const directory of ['home/repo/scripts', 'home/agents', 'home/lanes/1', 'outside', 'gits/repo.git'])
    mkdirSync(join(top, directory), { recursive: true })
  const files = ['home/agents/a.mjs', 'home/b.sh', 'home/repo/scripts/c.sh', 'outside/d.mjs']
  for (const file of [...files, 'gits/e.sh', 'gits/repo.git/f.sh']) writeFileSync(join(top, file), '')
  const seen = (command: string): string[] =>
    namedPaths(command, { home, root, commonDir, lanes }).map(({ from }) => from.slice(top.length + 1))
  expect(seen('node ~/agents/a.mjs --fast')).toEqual(['home/agents'])
  expect(seen(`A=${top}/outside/d.mjs sh "${home}/b.sh" | cat ${root}/scripts/c.sh`)).toEqual([
    'outside',
    'home/b.sh',
    'home/repo/scripts/c.sh',
  ])
  expect(seen(`${top}/gits/e.sh ${commonDir}/f.sh`)).toEqual(['gits/e.sh', 'gits/repo.git/f.sh'])
  symlinkSync(join(top, 'outside'), join(lanes, '1/link'))
  symlinkSync(lanes, join(home, 'linked'))
  expect(seen('sh ~/lanes/1/link/d.mjs ~/linked/1 ~/agents/../lanes/1/link')).toEqual([])
  expect(seen(`ls / ${home} ${root} ${top}/none /etc/passwd /dev/null ./x`)).toEqual([])
})

test('what cannot be looked at is not shown', () => {
  const top = temporaryDirectory()
  symlinkSync('loop', join(top, 'loop'))
  const command = `cat ${top}/loop ${top}/${'x'.repeat(300)} ${top}`
  expect(namedPaths(command, { home: '/h', root: '/r', commonDir: '/c', lanes: '/l' })).toEqual([
    { from: top },
  ])
})
