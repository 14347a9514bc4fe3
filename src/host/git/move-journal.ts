import { existsSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Checkout } from './checkouts.ts'
import { fillUpMove, type HalfMove, movedFiles, undoHalfMove } from './undo-half-move.ts'

/**
 * While a fast-forward runs in a checkout, this file in its git directory says so. Found later, it means that whoever
 * moved base there was killed, and what was left half-way is known to be ours.
 */
const NAME = 'worklane-move.json'

export async function beginMove(checkout: Checkout, move: HalfMove): Promise<void> {
  const { from, to, kept } = move
  await writeFile(join(checkout.gitDir, NAME), JSON.stringify({ from, to, kept }), { flush: true })
}

/** The ref has moved: nothing is left to undo. */
export async function endMove(checkout: Checkout): Promise<void> {
  await rm(join(checkout.gitDir, NAME), { force: true })
}

export async function isMoveOpen(checkout: Checkout): Promise<boolean> {
  return (await openMove(checkout)) !== null
}

/**
 * Closes what `beginMove` opened: undoes what did not reach the ref. False: another git has the index locked, or one
 * that was killed has left its lock, so nothing could be done. Only for the one process that may move base.
 */
export async function settleMove(checkout: Checkout): Promise<boolean> {
  const move = await openMove(checkout)
  if (move === null) return true
  if (existsSync(join(checkout.gitDir, 'index.lock'))) return false
  const moved = movedFiles(checkout)
  await undoHalfMove(moved, move)
  await fillUpMove(moved, move)
  await endMove(checkout)
  return true
}

async function openMove(checkout: Checkout): Promise<HalfMove | null> {
  const text = await readFile(join(checkout.gitDir, NAME), 'utf8').catch(() => null)
  if (text === null) return null
  try {
    return JSON.parse(text) as HalfMove
  } catch {
    // Killed while it was written, before anything moved.
    return { from: 'HEAD', to: 'HEAD', kept: [] }
  }
}
