import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { addedSince, type Standing, type TreeMarks, treeMarks } from '../../src/host/files/tree-marks.ts'
import { temporaryDirectory } from '../fixtures/repository.ts'

const SHARED: Readonly<Record<string, Standing>> = { src: 'shared', kept: 'out', 'src/a': 'out' }

async function marked(): Promise<{ put(path: string, text: string): void; root: string; before: TreeMarks }> {
  const root = temporaryDirectory()
  onTestFinished(() => {
    chmodSync(join(root, 'lib'), 0o755)
    rmSync(root, { recursive: true })
  })
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  for (const path of ['src/a', 'src/made', 'lib/one', 'kept/x']) put(path, path)
  const before = await look(root)
  return { put, root, before: before ?? new Map() }
}

const look = async (root: string): Promise<TreeMarks | null> =>
  await treeMarks(root, (path, isDirectory) =>
    path === 'src/a' && isDirectory ? 'counts' : (SHARED[path] ?? 'counts'),
  )

test('what has come is named by its topmost directory, and what is kept or shared is not', async () => {
  const { put, root, before } = await marked()
  for (const path of ['new/deep/file', 'lib/two', 'src/more', 'kept/y']) put(path, 'new')
  expect(addedSince(before, (await look(root)) ?? new Map())?.sort()).toEqual(['lib/two', 'new', 'src/more'])
})

test.each<[string, (root: string, put: (path: string, text: string) => void) => void]>([
  ['the same size', (_, put) => put('lib/one', 'lib/ONE')],
  ['deleted', (root) => rmSync(join(root, 'src/made'))],
  ['other rights', (root) => chmodSync(join(root, 'lib'), 0o555)],
  ['other rights of a shared directory', (root) => chmodSync(join(root, 'src'), 0o700)],
  [
    'a link in its place',
    (root) => {
      rmSync(join(root, 'lib'), { recursive: true })
      symlinkSync('src', join(root, 'lib'))
      rmSync(join(root, 'lib'))
      mkdirSync(join(root, 'lib'))
      symlinkSync('../src/made', join(root, 'lib/one'))
    },
  ],
])('what was there is not as it was: %s', async (_, change) => {
  const { put, root, before } = await marked()
  change(root, put)
  expect(addedSince(before, (await look(root)) ?? new Map())).toBeNull()
})

test('a directory in the place of a file of the commit has come', async () => {
  const { put, root, before } = await marked()
  rmSync(join(root, 'src/a'))
  put('src/a/planted', 'x')
  expect(addedSince(before, (await look(root)) ?? new Map())).toEqual(['src/a'])
})
