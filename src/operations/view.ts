import { existsSync } from 'node:fs'
import type { Landing } from '../board/landing.ts'
import { standing, type Task } from '../board/task.ts'
import { laneGit } from '../engine/lane-git.ts'
import { setUpLog } from '../engine/sandbox.ts'
import type { Session } from '../engine/session.ts'
import type { World } from '../engine/world.ts'
import { changedSince } from '../host/git/lane-state.ts'
import { latestLandings } from '../ledger/landings.ts'
import { type OwnedLane, standingLanes } from '../ledger/lanes.ts'
import { liveRuns, type RunRow } from '../ledger/runs.ts'
import { latestNotes, type Note, taskMap } from '../ledger/tasks.ts'
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
    const board = await readBoard(world)
    const { only } = rules.selection
    const shown = [...board.tasks.values()].filter((task) => only === null || only.has(task.id))
    const views = shown.map(async (task): Promise<TaskView> => {
      const lane = board.lanes.get(task.id)
      const atWork = board.runs.has(task.id) && lane !== undefined
      const lastAction = session.activity.last(task.id) ?? beingMade(world, lane)
      return { ...viewTask(board, task), lastAction, changes: atWork ? await changes(lane) : null }
    })
    const { base, verify, parallel } = rules
    const { stopping } = session
    return {
      startedAt,
      now: world.actor.now(),
      base,
      verify,
      parallel,
      stopping,
      sandbox: world.sandbox,
      tasks: await Promise.all(views),
    }
  }
}

/** What is going on in a lane in which no agent works yet. */
function beingMade(world: World, lane: OwnedLane | undefined): string | null {
  if (lane?.state !== 'creating') return null
  const { setup } = world.settings.lanes
  const isSettingUp = setup !== null && existsSync(setUpLog(world, lane.id))
  return isSettingUp ? `setting up: ${setup}` : 'making its lane'
}

interface Board {
  readonly tasks: ReadonlyMap<number, Task>
  readonly lanes: ReadonlyMap<number, OwnedLane>
  readonly runs: ReadonlyMap<number, RunRow>
  readonly landings: ReadonlyMap<number, Landing>
  readonly notes: ReadonlyMap<number, Note>
}

async function readBoard({ ledger: { db } }: World): Promise<Board> {
  return {
    tasks: await taskMap(db),
    lanes: new Map((await standingLanes(db)).map((lane) => [lane.taskId, lane])),
    runs: new Map((await liveRuns(db)).map((run) => [run.taskId, run])),
    landings: await latestLandings(db),
    notes: await latestNotes(db),
  }
}

function viewTask(board: Board, task: Task): Omit<TaskView, 'lastAction' | 'changes'> {
  const run = board.runs.get(task.id)
  const landing = board.landings.get(task.id)
  const stands = standing(task, board.tasks)
  const pending = task.state === 'pending'
  return {
    id: task.id,
    subject: task.subject,
    state: task.state,
    waitsFor: pending && stands.kind !== 'ready' ? stands.by : [],
    unreachable: pending && stands.kind === 'unreachable',
    branch: board.lanes.get(task.id)?.branch ?? null,
    attempt: run === undefined ? null : task.failures + 1,
    startedAt: run?.startedAt ?? null,
    agent: run?.command ?? null,
    landing: task.state === 'completed' || pending ? (landing?.state ?? null) : null,
    reason: reasonOf(task, landing, board.notes.get(task.id)?.text ?? null),
    files: landing?.files ?? [],
  }
}

function reasonOf(task: Task, landing: Landing | undefined, note: string | null): string | null {
  if (task.state === 'completed') return landing?.reason ?? null
  return task.state === 'landed' || task.failures === 0 ? null : note
}

type Changes = TaskView['changes']

function changesByLane(world: World): (lane: OwnedLane) => Promise<Changes> {
  const known = new Map<number, { at: number; changes: Changes }>()
  return async (lane) => {
    const remembered = known.get(lane.id)
    if (remembered !== undefined && performance.now() - remembered.at < CHANGES_KEPT)
      return remembered.changes
    const changes = await laneGit(world, lane)
      .then(async (place) => await changedSince(place, lane.base))
      .catch(() => null)
    known.set(lane.id, { at: performance.now(), changes })
    return changes
  }
}
