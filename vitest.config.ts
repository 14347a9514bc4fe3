import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'test/**/*.test.tsx'],
    globalSetup: ['test/build.ts'],
    // Two cores; real git and real processes in most files.
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // A hermetic git: no configuration of the machine reaches a test.
    env: {
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: new URL('./test/fixtures/gitconfig', import.meta.url).pathname,
      LC_ALL: 'C',
      // What is about walls says so itself.
      WORKLANE_SANDBOX: process.env.WORKLANE_SANDBOX ?? 'none',
    },
  },
})
