import { bystanders } from './bystanders.ts'
import { claimAlone } from './claim-alone.ts'
import { claimCrowd } from './claim-crowd.ts'
import { crashes } from './crashes.ts'
import { landingRespectsPeople } from './landing-respects-people.ts'
import type { Proof } from './proof.ts'
import { realHistory } from './real-history.ts'
import { staleWorker } from './stale-worker.ts'

/** Every proof; `npm run prove` and test/proofs.test.ts run what stands here. */
export const PROOFS: readonly Proof[] = [
  claimCrowd,
  bystanders,
  claimAlone,
  staleWorker,
  landingRespectsPeople,
  crashes,
  realHistory,
]
