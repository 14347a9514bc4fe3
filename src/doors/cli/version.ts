import { readFileSync } from 'node:fs'

/** From the package's own package.json, one directory above the bundle (three above the source). */
export function version(): string {
  for (const up of ['../package.json', '../../../package.json']) {
    try {
      const { name, version: found } = JSON.parse(readFileSync(new URL(up, import.meta.url), 'utf8')) as {
        name?: string
        version: string
      }
      if (name === 'worklane') return found
    } catch {}
  }
  return 'unknown'
}
