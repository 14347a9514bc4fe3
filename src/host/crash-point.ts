/**
 * The moments between two lasting steps, in the order in which one task meets them. A proof tries a crash at each:
 * with `WORKLANE_CRASH_AT=lane.filled` the whole process group is killed there, as a power cut would do it.
 */
export const CRASH_POINTS = [
  'claim.taken',
  'lane.reserved',
  'worktree.built',
  'worktree.placed',
  'worktree.registered',
  'lane.known',
  'lane.filled',
  'lane.refilled',
  'lane.seeded',
  'lane.unlocked',
  'run.claimed',
  'walls.entered',
  'run.begun',
  'run.spawned',
  'run.recorded',
  'run.exited',
  'run.kept',
  'walls.collected',
  'walls.imported',
  'walls.left',
  'run.judged',
  'landing.started',
  'landing.made',
  'landing.merged',
  'landing.verified',
  'landing.moving',
  'base.journaled',
  'base.moved',
  'base.confirmed',
  'landing.moved',
  'landing.landed',
  'landing.rejected',
  'lane.forwarding',
  'lane.forwarded',
  'lane.refreshed',
  'lane.condemned',
  'lane.marked',
  'lane.aside',
  'archive.pinned',
  'archive.packed',
  'archive.written',
  'archive.verified',
  'archive.recorded',
  'lane.unregistered',
  'lane.unbranched',
  'lane.removed',
] as const

export type CrashPoint = (typeof CRASH_POINTS)[number]

export function crashPoint(name: CrashPoint): void {
  if (process.env.WORKLANE_CRASH_AT === name) process.kill(0, 'SIGKILL')
}
