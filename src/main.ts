import { enableCompileCache } from 'node:module'

enableCompileCache()
const { main } = await import('./doors/cli/main.ts')
process.exitCode = await main(process.argv.slice(2))
