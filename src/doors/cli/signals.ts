export interface StopSignals {
  /** The first Ctrl-C (or SIGTERM): stop cleanly. */
  readonly stop: AbortSignal
  /** The second: stop now. The third ends this process as it would have ended without us. */
  readonly hurry: AbortSignal
  dispose(): void
}

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
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return { stop: stop.signal, hurry: hurry.signal, dispose }
}
