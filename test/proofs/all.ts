import { attacks } from './attacks.ts'
import { bystanders } from './bystanders.ts'
import { canaries } from './canaries.ts'
import { claimAlone } from './claim-alone.ts'
import { claimCrowd } from './claim-crowd.ts'
import { conflictLadder } from './conflict-ladder.ts'
import { conflictRules } from './conflict-rules.ts'
import { crashes, landingCrashes } from './crashes.ts'
import { deletionTraps } from './deletion-traps.ts'
import { fullDisk } from './full-disk.ts'
import { hostileImports } from './hostile-imports.ts'
import { hostileInput } from './hostile-input.ts'
import { landingQueue } from './landing-queue.ts'
import { landingRespectsPeople } from './landing-respects-people.ts'
import { laneStates } from './lane-states.ts'
import { laneStatesWalls } from './lane-states-walls.ts'
import { limits } from './limits.ts'
import { mergeFuzz } from './merge-fuzz.ts'
import { networkPolicy } from './network-policy.ts'
import { orchestratorGit } from './orchestrator-git.ts'
import { powerCuts } from './power-cuts.ts'
import type { Proof } from './proof.ts'
import { queueSimulation } from './queue-simulation.ts'
import { radar } from './radar.ts'
import { realHistory } from './real-history.ts'
import { replay } from './replay.ts'
import { staleWorker } from './stale-worker.ts'
import { twoEngines } from './two-engines.ts'
import { workInWalls } from './work-in-walls.ts'

/** Every proof; `npm run prove` and test/proofs.test.ts run what stands here. */
export const PROOFS: readonly Proof[] = [
  claimCrowd,
  bystanders,
  claimAlone,
  staleWorker,
  hostileInput,
  hostileImports,
  landingRespectsPeople,
  crashes,
  landingCrashes,
  fullDisk,
  powerCuts,
  twoEngines,
  laneStates,
  laneStatesWalls,
  workInWalls,
  deletionTraps,
  attacks,
  canaries,
  orchestratorGit,
  realHistory,
  limits,
  networkPolicy,
  radar,
  mergeFuzz,
  replay,
  queueSimulation,
  landingQueue,
  conflictLadder,
  conflictRules,
]
