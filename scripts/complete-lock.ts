/**
 * Run this after `npm install`. npm leaves a platform's optional package out of package-lock.json when the registry in
 * use does not have it (mirrors often lack some platforms), and `npm ci` then refuses the lock as out of sync (npm
 * 11.19). This adds the missing ones: version and platform, which is all that `npm ci` needs to pass over them.
 * With `--check` it writes nothing and exits 1 when some are missing.
 */
import { readFileSync, writeFileSync } from 'node:fs'

interface Entry {
  readonly version?: string
  readonly dev?: boolean
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly os?: readonly string[]
  readonly cpu?: readonly string[]
  readonly libc?: readonly string[]
  readonly optional?: boolean
}

const OS = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
]
const CPU = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64']

/** `@oxc-parser/binding-linux-arm-gnueabihf` → linux, arm, glibc. */
function platformOf(name: string): Pick<Entry, 'os' | 'cpu' | 'libc'> {
  const words = name.split(/[/-]/)
  const os = OS.filter((word) => words.includes(word))
  const cpu = CPU.filter((word) => words.includes(word))
  if (os.length !== 1 || cpu.length !== 1) throw new Error(`${name}: which platform is that?`)
  const libc = words.includes('musl') || words.includes('musleabihf') ? { libc: ['musl'] } : {}
  return { os, cpu, ...libc }
}

const FILE = 'package-lock.json'
const lock = JSON.parse(readFileSync(FILE, 'utf8')) as { packages: Record<string, Entry> }
const missing: Record<string, Entry> = {}
for (const { optionalDependencies = {}, dev } of Object.values(lock.packages))
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const path = `node_modules/${name}`
    const known = Object.keys(lock.packages).some((other) => other === path || other.endsWith(`/${path}`))
    if (known || !/^\d+\.\d+\.\d+$/.test(version)) continue
    missing[path] = { version, ...(dev === true ? { dev } : {}), optional: true, ...platformOf(name) }
  }

const names = Object.keys(missing)
if (names.length > 0 && process.argv.includes('--check')) {
  console.error(
    `${FILE} lacks ${names.length} packages of other platforms. Run: node scripts/complete-lock.ts`,
  )
  process.exitCode = 1
} else if (names.length > 0) {
  const [root = ['', {}], ...packages] = Object.entries({ ...lock.packages, ...missing })
  packages.sort(([a], [b]) => a.localeCompare(b, 'en'))
  writeFileSync(
    FILE,
    `${JSON.stringify({ ...lock, packages: Object.fromEntries([root, ...packages]) }, null, 2)}\n`,
  )
  console.log(`${names.length} packages of other platforms added to ${FILE}`)
}
