export interface StopSignals {
  /** The first Ctrl-C (or SIGTERM): stop cleanly. */
  readonly stop: AbortSignal
  /** The second: stop now. The third ends this process as it would have ended without us. */
  readonly hurry: AbortSignal
  /** Stops as the first signal does. */
  ask(): void
  dispose(): void
}

/** SIGHUP: the terminal was closed. */
const HEARD: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP']

export function stopSignals(): StopSignals {
  const stop = new AbortController()
  const hurry = new AbortController()
  const onSignal = (signal: NodeJS.Signals): void => {
    if (!stop.signal.aborted) stop.abort()
    else if (!hurry.signal.aborted) hurry.abort()
    else {
      dispose()
      process.kill(process.pid, signal)
    }
  }
  const dispose = (): void => {
    for (const signal of HEARD) process.off(signal, onSignal)
  }
  for (const signal of HEARD) process.on(signal, onSignal)
  return { ask: () => stop.abort(), stop: stop.signal, hurry: hurry.signal, dispose }
}
