import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { looseObjects, readLoose } from '../../src/host/git/loose-objects.ts'
import { makeRepository } from '../fixtures/repository.ts'

it.each([0, 1, 9])(
  'reads programs, texts and empty files that git wrote with compression %i',
  async (level) => {
    using repository = makeRepository()
    const objects = join(repository.root, '../objects')
    mkdirSync(objects)
    const write = (input: Buffer): string => {
      const env = { ...process.env, GIT_OBJECT_DIRECTORY: objects }
      const args = ['-c', `core.compression=${level}`, 'hash-object', '-w', '--stdin']
      return execFileSync('git', args, { cwd: repository.root, env, input, encoding: 'utf8' }).trim()
    }
    const contents = ['/bin/true', '/bin/ls', process.execPath, '/etc/passwd', '/dev/null'].map((file) =>
      readFileSync(file).subarray(0, 3_000_000),
    )
    const written = new Map(contents.map((content) => [write(content), content]))
    const found = await looseObjects(objects)
    expect(found?.size).toBe(written.size)
    for (const [oid, content] of written) {
      const object = found?.get(oid)
      expect(object).toMatchObject({ type: 'blob', size: content.length })
      if (object !== undefined) expect((await readLoose(object)).equals(content)).toBe(true)
    }
  },
)
