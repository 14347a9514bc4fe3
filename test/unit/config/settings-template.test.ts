import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DEFAULT_SETTINGS, readSettings } from '../../../src/config/settings.ts'
import { parseSettings } from '../../../src/config/settings-schema.ts'
import { settingsTemplate } from '../../../src/config/settings-template.ts'
import { temporaryDirectory } from '../../fixtures/repository.ts'

const PLACES = { home: '/h', root: '/r', commonDir: '/r/.git' }

describe('settingsTemplate', () => {
  it('says nothing but the defaults where nothing was found', async () => {
    const root = temporaryDirectory()
    writeFileSync(join(root, 'worklane.yaml'), settingsTemplate({ verify: null, setup: null, copy: [] }))
    expect(await readSettings({ ...PLACES, root })).toEqual(DEFAULT_SETTINGS)
    rmSync(root, { recursive: true })
  })

  it('sets what was found, and that reads back', () => {
    const command = fc.oneof(
      fc.constantFrom(
        'npm test',
        'go test ./...',
        'true',
        'null',
        '1',
        'a: b',
        '# x',
        '- x',
        'make "a b"',
        '*x',
        'a #b',
      ),
      fc
        .string({ unit: 'grapheme', minLength: 1 })
        .filter((text) => text.trim() !== '' && !text.includes('\0')),
    )
    const path = fc.constantFrom('.env', '.env.local', '.env.a b', ".env.'x", '.env."')
    fc.assert(
      fc.property(fc.option(command), fc.option(command), fc.uniqueArray(path), (verify, setup, copy) => {
        const settings = parseSettings(
          'x',
          settingsTemplate({ verify, setup, copy }),
          DEFAULT_SETTINGS,
          PLACES,
        )
        expect([settings.landing.verify, settings.lanes.setup, settings.lanes.copy]).toEqual([
          verify,
          setup,
          copy,
        ])
      }),
      { numRuns: 60 },
    )
  })

  it('shows examples that are correct and defaults that are true', () => {
    const lines = settingsTemplate({ verify: null, setup: null, copy: [] }).split('\n')
    const enabled = lines.map((line) => line.replace(/^(\s*)# (\w+: .+)$/, '$1$2')).join('\n')
    const settings = parseSettings('x', enabled, DEFAULT_SETTINGS, PLACES)
    const { lanes, agents, landing } = DEFAULT_SETTINGS
    expect(settings.base).toBe('main')
    expect([settings.lanes.directory, settings.lanes.branch, settings.lanes.ports]).toEqual([
      lanes.directory,
      lanes.branch,
      lanes.ports,
    ])
    expect([settings.agents.parallel, settings.agents.attempts, settings.agents.outputLimit]).toEqual([
      agents.parallel,
      agents.attempts,
      agents.outputLimit,
    ])
    expect([settings.landing.style, settings.landing.review, settings.landing.timeLimit]).toEqual([
      landing.style,
      landing.review,
      landing.timeLimit,
    ])
  })
})
