/**
 * Bundles the product into dist/. A bundle, because start-up is a feature: loading Kysely, zod and execa as
 * separate files costs 240 ms, bundled 20 ms (docs/decisions/0002). Native modules stay outside. The files that
 * others import come first and `main.js` last, so that the product works at every moment of a build.
 */
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { build } from 'esbuild'

const { outputFiles } = await build({
  entryPoints: { main: 'src/main.ts' },
  outdir: 'dist',
  write: false,
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node22.18',
  minifySyntax: true,
  define: {
    'process.env.NODE_ENV': '"production"',
    // zod looks whether it runs on Cloudflare; the mere look loads Node's worker threads and locks, 4 ms.
    navigator: 'undefined',
  },
  external: ['better-sqlite3', 'react-devtools-core'],
  logLevel: 'warning',
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);",
  },
})
mkdirSync('dist', { recursive: true })
const names = new Set(outputFiles.map(({ path }) => basename(path)))
for (const { path, contents } of [...outputFiles].sort((a) => (basename(a.path) === 'main.js' ? 1 : -1))) {
  const aside = join('dist', `.${basename(path)}.${process.pid}`)
  writeFileSync(aside, contents)
  renameSync(aside, path)
}
for (const name of readdirSync('dist'))
  if (!names.has(name) && !name.startsWith('.')) rmSync(join('dist', name))
