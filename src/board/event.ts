/** Facts in the past tense. Add a name here before anything may emit it; a test checks the form. */
export const EVENT_TYPES = [
  'task.added',
  'task.edited',
  'task.noted',
  'task.claimed',
  'task.released',
  'task.expired',
  'task.attempt_failed',
  'task.failed',
  'task.completed',
  'task.returned',
  'task.cancelled',
  'task.reopened',
  'task.landed',
  'lane.requested',
  'lane.setup_started',
  'lane.setup_failed',
  'lane.created',
  'lane.remade',
  'lane.abandoned',
  'lane.handed_over',
  'lane.handed_back',
  'lane.entered',
  'lane.left',
  'lane.kept',
  'lane.unkept',
  'lane.quarantined',
  'lane.resolved',
  'lane.condemned',
  'lane.archived',
  'lane.removed',
  'lane.restored',
  'lane.adopted',
  'lane.network_refused',
  'archive.purged',
  'run.started',
  'run.spawned',
  'run.stop_requested',
  'run.ended',
  'landing.review_requested',
  'landing.queued',
  'landing.approved',
  'landing.started',
  'landing.merged',
  'landing.verified',
  'landing.landed',
  'landing.conflicted',
  'landing.rejected',
  'landing.held',
  'landing.released',
  'landing.requeued',
  'landing.withdrawn',
  'landing.stacked',
  'landing.paused',
  'landing.resumed',
  'verify.started',
  'verify.ended',
  'overlap.found',
  'overlap.gone',
  'lane.refreshed',
  'lane.base_merged',
  'base.moved',
  'base.verify_failed',
  'base.pushed',
  'base.push_failed',
  'repository.config_changed',
  'repository.hooks_changed',
  'repository.alternates_changed',
  'repository.attributes_changed',
  'repository.refs_changed',
  'engine.started',
  'engine.stop_requested',
  'engine.stopped',
  'ledger.restored',
] as const
export type EventType = (typeof EVENT_TYPES)[number]

/** Shaped like a CloudEvent; `seq` is the place in the one stream and rises without being reused. */
export interface LedgerEvent {
  readonly seq: number
  readonly type: EventType
  /** What it is about: `task/7`, `lane/3`, `run/12`, `base/main`, `repository`. */
  readonly subject: string
  /** RFC 3339, UTC. */
  readonly time: string
  readonly actor: string
  readonly epoch: number | null
  readonly data: Readonly<Record<string, unknown>>
}

export interface EventDraft {
  readonly type: EventType
  readonly subject: string
  readonly epoch?: number
  readonly data?: Readonly<Record<string, unknown>>
}
