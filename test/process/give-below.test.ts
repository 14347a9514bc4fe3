import { linkSync, lstatSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { giveBelow } from '../../src/host/files/give-below.ts'
import { temporaryDirectory } from '../fixtures/repository.ts'

const UID = 1_900_000_007

test.runIf(process.getuid?.() === 0)(
  'gives what is there, and nothing that a path leads to through a link that was put there since',
  () => {
    const top = temporaryDirectory()
    onTestFinished(() => rmSync(top, { recursive: true }))
    const [lane, outside] = [join(top, 'lane'), join(top, 'outside')]
    for (const path of [outside, join(outside, 'b'), lane, join(lane, 'a'), join(lane, 'a/b')])
      mkdirSync(path)
    for (const path of [join(outside, 'b/c'), join(lane, 'a/b/c\n'), join(lane, 'twice')])
      writeFileSync(path, '')
    linkSync(join(lane, 'twice'), join(outside, 'twice'))
    symlinkSync(outside, join(lane, 'link'))
    symlinkSync('../outside', join(lane, 'a/link'))
    const paths = [
      'a',
      'a/b',
      'a/b/c\n',
      'link',
      'link/b',
      'link/b/c',
      'a/link/b/c',
      'twice',
      'gone/x',
      'gone',
    ]
    giveBelow(lane, paths, { uid: UID, may: (is) => is.isDirectory() || is.nlink === 1 })
    const ownerOf = (path: string): number => lstatSync(join(top, path)).uid
    for (const path of ['lane/a', 'lane/a/b', 'lane/a/b/c\n', 'lane/link']) expect(ownerOf(path)).toBe(UID)
    for (const path of ['lane', 'lane/a/link', 'outside', 'outside/b', 'outside/b/c', 'outside/twice'])
      expect(ownerOf(path)).toBe(0)
  },
)
