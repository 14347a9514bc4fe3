/**
 * Bundles the product into dist/. A bundle, because start-up is a feature: loading Kysely, zod and execa as
 * separate files costs 240 ms, bundled 20 ms (docs/decisions/0002-bundle.md). Native modules stay outside.
 */
import { rmSync } from 'node:fs'
import { build } from 'esbuild'

rmSync('dist', { recursive: true, force: true })
await build({
  entryPoints: { main: 'src/main.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node22.18',
  minifySyntax: true,
  external: ['better-sqlite3', 'react-devtools-core'],
  logLevel: 'warning',
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);",
  },
})
