import type { Generated } from 'kysely'

/**
 * The tables as stored. Times are milliseconds since 1970, booleans 0 or 1, lists and records JSON text: types that
 * SQLite and PostgreSQL share. Readers turn rows into the board's types.
 */
export interface Schema {
  task: {
    id: Generated<number>
    subject: string
    description: string
    priority: number
    state: string
    epoch: Generated<number>
    failures: Generated<number>
    maxAttempts: number
    timeLimit: number | null
    network: string | null
    command: string | null
    verify: string | null
    checks: string
    touches: Generated<string>
    allowEmpty: number
    review: number
    result: string | null
    createdAt: number
    updatedAt: number
  }
  dependency: { taskId: number; onId: number }
  lease: {
    taskId: number
    epoch: number
    holder: string
    until: number | null
    steadyUntil: number | null
    boot: string
    length: number | null
    claimedAt: number
    claimant: string | null
    endedAt: number | null
    endReason: string | null
  }
  lane: {
    id: Generated<number>
    taskId: number
    state: string
    holder: Generated<string>
    path: string
    branch: string
    base: string
    startPoint: string
    admin: string
    device: string | null
    inode: string | null
    keep: Generated<number>
    /** Its holder may still be writing in it: the next attempt gets a fresh directory, filled from its archive. */
    abandoned: Generated<number>
    port: number | null
    fillFrom: number | null
    trash: string | null
    warnings: Generated<string>
    /** The process that works on the lane's directory now (JSON identity); null: nobody. */
    owner: string | null
    createdAt: number
    updatedAt: number
  }
  run: {
    id: Generated<number>
    taskId: number
    laneId: number
    epoch: number
    state: string
    command: string
    token: string
    directory: string
    sandbox: Generated<string>
    engine: string
    leader: string | null
    stopRequestedAt: number | null
    outcome: string | null
    detail: string | null
    exitCode: number | null
    signal: string | null
    startedAt: number
    endedAt: number | null
  }
  /** A person's shell in a lane. */
  visit: {
    id: Generated<number>
    laneId: number
    /** JSON identity of the process that took the person in. */
    process: string
    enteredAt: number
  }
  landing: {
    id: Generated<number>
    taskId: number
    state: string
    style: string
    base: string
    result: string
    candidate: string | null
    candidateOn: string | null
    verify: string | null
    verified: Generated<number>
    reason: string | null
    files: Generated<string>
    faults: Generated<number>
    createdAt: number
    updatedAt: number
  }
  overlap: {
    id: Generated<number>
    taskId: number
    /** Null: with base. */
    otherId: number | null
    kind: string
    files: string
    hunks: string
    foundAt: number
    goneAt: number | null
  }
  verify_run: {
    id: Generated<number>
    tree: string
    commit: string
    command: string
    /** Digest of what else it depends on. */
    environment: string
    /** Whose work is in it, above base. */
    tasks: string
    slot: number
    /** Null: it runs, or its process was killed. */
    result: string | null
    log: string | null
    startedAt: number
    endedAt: number | null
  }
  note: { id: Generated<number>; taskId: number; kind: string; text: string; createdAt: number }
  archive: {
    id: Generated<number>
    laneId: number
    taskId: number
    directory: string
    refPrefix: string
    bytes: number
    files: number
    createdAt: number
    purgedAt: number | null
  }
  setting: { key: string; value: string }
  engine: { role: string; identity: string; startedAt: number; stopRequestedAt: number | null }
  event: {
    seq: Generated<number>
    type: string
    subject: string
    time: number
    actor: string
    epoch: number | null
    data: string
  }
}
