/**
 * Bundles the product into dist/, because start-up is a feature (docs/decisions/0002): `worklane.js` is everything,
 * `main.cjs` starts it, and `live-view.js` is apart because Ink needs to be an ES module. The files that others load
 * come first, so that the product works at every moment of a build.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type BuildOptions, build, type Plugin } from 'esbuild'

/** better-sqlite3 looks for its native part next to the file that asks for it; in a bundle that is somewhere else. */
const nativeSqlite: Plugin = {
  name: 'native-sqlite',
  setup({ onLoad }) {
    onLoad({ filter: /better-sqlite3\/lib\/binding\.js$/ }, ({ path }) => ({
      contents: `const __dirname = require('node:path').dirname(require.resolve('better-sqlite3'))\n${readFileSync(path, 'utf8')}`,
    }))
  },
}

const liveViewApart: Plugin = {
  name: 'live-view-apart',
  setup({ onResolve }) {
    onResolve({ filter: /\/live-view\.tsx$/ }, () => ({ path: './live-view.js', external: true }))
  },
}

/** Ink asks for the developer tools of React, which are not installed; in one file even the mere mention is loaded. */
const noDeveloperTools: Plugin = {
  name: 'no-developer-tools',
  setup({ onLoad }) {
    onLoad({ filter: /\/ink\/build\/devtools\.js$/ }, () => ({ contents: '' }))
  },
}

async function bundle(entry: string, options: BuildOptions): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    write: false,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22.18',
    minifySyntax: true,
    minifyWhitespace: true,
    logLevel: 'warning',
    logOverride: { 'require-resolve-not-external': 'silent' },
    ...options,
    define: {
      'process.env.NODE_ENV': '"production"',
      // zod looks whether it runs on Cloudflare; the mere look loads Node's worker threads and locks, 4 ms.
      navigator: 'undefined',
      ...options.define,
    },
  })
  return outputFiles?.[0]?.text ?? ''
}

const bundled = await bundle('src/doors/cli/main.ts', {
  plugins: [nativeSqlite, liveViewApart],
  banner: { js: '(function(module,exports,require,importBeside){' },
  footer: { js: '})' },
})
// What `main.cjs` compiles has no `import()` of its own but one that Node warns of, on the terminal of the user.
const product = bundled.replace('import("./live-view.js")', 'importBeside("./live-view.js")')
if (product === bundled) throw new Error('The live view is not imported as it was.')
const liveView = await bundle('src/doors/cli/live/live-view.tsx', {
  format: 'esm',
  plugins: [noDeveloperTools],
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);",
  },
})
const id = createHash('sha256').update(product).digest('hex').slice(0, 16)
const main = await bundle('src/main.ts', { define: { BUNDLE_ID: JSON.stringify(id) } })

mkdirSync('dist', { recursive: true })
const files = new Map([
  ['live-view.js', liveView],
  ['worklane.js', product],
  ['main.cjs', main],
])
for (const [name, text] of files) {
  const aside = join('dist', `.${name}.${process.pid}`)
  writeFileSync(aside, text)
  renameSync(aside, join('dist', name))
}
for (const name of readdirSync('dist'))
  if (!files.has(name) && !name.startsWith('.')) rmSync(join('dist', name))
