/**
 * The last line of `npm test`: counts a JSON report of vitest. Arguments: the report, then the checks that were red.
 * Exits 1 when anything failed or no test ran.
 */
import { readFileSync } from 'node:fs'

interface Report {
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly assertionResults: readonly { readonly status: string }[]
  }[]
}

function readReport(path: string): Report {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Report
  } catch {
    return { testResults: [] }
  }
}

const [, , path = '', ...red] = process.argv
const files = readReport(path).testResults
const statuses = files.flatMap((file) => file.assertionResults.map(({ status }) => status))
const count = (...wanted: string[]): number => statuses.filter((status) => wanted.includes(status)).length
const [passed, skipped] = [count('passed'), count('skipped', 'pending', 'todo', 'disabled')]

// A file that cannot be loaded has failed without a single failed test.
const broken = files.filter(
  ({ status, assertionResults }) =>
    status === 'failed' && assertionResults.every((one) => one.status !== 'failed'),
)
const inTests = count('failed') + broken.length
// vitest red without a failed test: an unhandled error, or no test was found.
const checks = red.filter((name) => name !== 'vitest' || inTests === 0)
const failed = inTests + checks.length

for (const { name } of broken) console.log(`did not run: ${name}`)
if (checks.length > 0) console.log(`red: ${checks.join(', ')}`)
if (passed + failed === 0) console.log('no test ran')
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exitCode = failed > 0 || passed === 0 ? 1 : 0
