import { execFileSync } from 'node:child_process'
import { lstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseIndex } from '../../src/host/archive/index-file.ts'
import { makeRepository } from '../fixtures/repository.ts'

const FILES = Object.fromEntries(
  Array.from({ length: 60 }, (_, n) => [`a${n % 7}/${'long-name-'.repeat(n % 5)}${n}/f${n}.txt`, `${n}\n`]),
)

describe('parseIndex', () => {
  test.for([2, 3, 4])('reads version %i as git does', (version) => {
    using repository = makeRepository(FILES)
    repository.write('later.txt', 'x\n')
    // Intent-to-add needs the extended flags of version 3.
    if (version !== 2) repository.git('add', '-N', 'later.txt')
    repository.git('update-index', '--index-version', String(version))
    const index = parseIndex(readFileSync(join(repository.gitDir, 'index')))
    const lines = index?.entries.map(
      ({ mode, oid, stage, path }) => `${mode.toString(8)} ${oid} ${stage}\t${path}\0`,
    )
    expect(lines?.join('')).toBe(
      execFileSync('git', ['ls-files', '-sz'], { cwd: repository.root }).toString(),
    )
    for (const { path, size, inode, mtime, ctime } of index?.entries.filter(({ size }) => size > 0) ?? []) {
      const stat = lstatSync(join(repository.root, path))
      expect({ size, inode, mtime, ctime }).toEqual({
        size: stat.size,
        inode: stat.ino >>> 0,
        mtime: stat.mtimeMs,
        ctime: stat.ctimeMs,
      })
    }
    if (version === 2) expect(index?.rootTree).toBe(repository.git('rev-parse', 'HEAD^{tree}'))
  })

  test('a damaged file is null, wherever it is damaged', () => {
    using repository = makeRepository(FILES)
    const file = readFileSync(join(repository.gitDir, 'index'))
    for (let at = 0; at < file.length; at += 397) {
      expect(parseIndex(file.subarray(0, at))).toBeNull()
      const flipped = Buffer.from(file)
      flipped.writeUInt8(file.readUInt8(at) ^ 0xff, at)
      expect(parseIndex(flipped)).toBeNull()
    }
  })

  test('without a checksum (index.skipHash) it never runs past the end', () => {
    using repository = makeRepository(FILES)
    const file = readFileSync(join(repository.gitDir, 'index'))
    file.fill(0, file.length - 20)
    expect(parseIndex(file)?.entries).toHaveLength(60)
    for (let at = 0; at < file.length - 20; at += 131) {
      const flipped = Buffer.from(file)
      flipped.writeUInt8(file.readUInt8(at) ^ 0xff, at)
      expect(() => parseIndex(flipped)).not.toThrow()
    }
  })
})
