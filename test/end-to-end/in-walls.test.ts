/** What agents do and lose nothing of, once more inside walls, as people have it by default. */
import './claim.test.ts'
import './holders.test.ts'
import './radar.test.ts'
import './run.test.ts'
import './set-up.test.ts'

process.env.WORKLANE_SANDBOX = 'walls'
