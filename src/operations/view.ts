import { standing, type Task } from '../board/task.ts'
import type { Session } from '../engine/session.ts'
import type { World } from '../engine/world.ts'
import { changedSince } from '../host/git/lane-state.ts'
import { placeOf } from '../host/git/worktree.ts'
import { latestLandings } from '../ledger/landings.ts'
import { type OwnedLane, standingLanes } from '../ledger/lanes.ts'
import { liveRuns } from '../ledger/runs.ts'
import { latestNotes, taskMap } from '../ledger/tasks.ts'
import type { RunSnapshot, TaskView } from './snapshot.ts'

/** How long a measured diff size stays good enough for the view, in milliseconds. */
const CHANGES_KEPT = 3_000

interface Rules {
  readonly base: string
  readonly verify: string | null
  readonly parallel: number
  readonly selection: { readonly only: ReadonlySet<number> | null }
}

/** Makes pictures of a session at work. Measuring what lanes changed costs a git call each, so it is remembered. */
export function snapshotter(world: World, session: Session, rules: Rules): () => Promise<RunSnapshot> {
  const startedAt = world.actor.now()
  const changes = changesByLane(world)
  return async () => {
    const { db } = world.ledger
    const tasks = await taskMap(db)
    const { only } = rules.selection
    const shown = [...tasks.values()].filter((task) => only === null || only.has(task.id))
    const lanes = new Map((await standingLanes(db)).map((lane) => [lane.taskId, lane]))
    const runs = new Map((await liveRuns(db)).map((run) => [run.taskId, run]))
    const landings = await latestLandings(db)
    const notes = await latestNotes(db)
    const views = shown.map(async (task): Promise<TaskView> => {
      const lane = lanes.get(task.id)
      const run = runs.get(task.id)
      const landing = landings.get(task.id)
      const stands = standing(task, tasks)
      const waits = task.state === 'pending' && stands.kind !== 'ready'
      return {
        id: task.id,
        subject: task.subject,
        state: task.state,
        waitsFor: waits ? stands.by : [],
        unreachable: task.state === 'pending' && stands.kind === 'unreachable',
        branch: lane?.branch ?? null,
        attempt: run === undefined ? null : task.failures + 1,
        startedAt: run?.startedAt ?? null,
        agent: run?.command ?? null,
        lastAction: session.activity.last(task.id),
        changes: run !== undefined && lane !== undefined ? await changes(lane) : null,
        landing: task.state === 'completed' ? (landing?.state ?? null) : null,
        reason: reasonOf(task, landing?.reason ?? null, notes.get(task.id) ?? null),
        files: landing?.files ?? [],
      }
    })
    const { base, verify, parallel } = rules
    return {
      startedAt,
      now: world.actor.now(),
      base,
      verify,
      parallel,
      stopping: session.stopping,
      tasks: await Promise.all(views),
    }
  }
}

function reasonOf(task: Task, landing: string | null, note: string | null): string | null {
  if (task.state === 'completed') return landing
  return task.state === 'landed' || task.failures === 0 ? null : note
}

type Changes = TaskView['changes']

function changesByLane(world: World): (lane: OwnedLane) => Promise<Changes> {
  const known = new Map<number, { at: number; changes: Changes }>()
  return async (lane) => {
    const remembered = known.get(lane.id)
    if (remembered !== undefined && Date.now() - remembered.at < CHANGES_KEPT) return remembered.changes
    const place = placeOf({ commonDir: world.repository.commonDir, admin: lane.admin, path: lane.path })
    const changes = await changedSince(place, lane.startPoint).catch(() => null)
    known.set(lane.id, { at: Date.now(), changes })
    return changes
  }
}
