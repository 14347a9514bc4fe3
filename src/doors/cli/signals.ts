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

/** What a person types; Ctrl-\ too. */
const TYPED: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT']

/** `typed`: whether what is typed stops us, or is for a program on the same terminal. */
export function stopSignals({ typed }: { readonly typed: boolean }): StopSignals {
  const stop = new AbortController()
  const hurry = new AbortController()
  const ignored = typed ? [] : TYPED
  const heard = HEARD.filter((signal) => !ignored.includes(signal))
  const ignore = (): void => undefined
  const onSignal = (signal: NodeJS.Signals): void => {
    if (!stop.signal.aborted) stop.abort()
    else if (!hurry.signal.aborted) hurry.abort()
    else {
      dispose()
      process.kill(process.pid, signal)
    }
  }
  const dispose = (): void => {
    for (const signal of heard) process.off(signal, onSignal)
    for (const signal of ignored) process.off(signal, ignore)
  }
  for (const signal of heard) process.on(signal, onSignal)
  for (const signal of ignored) process.on(signal, ignore)
  return { ask: () => stop.abort(), stop: stop.signal, hurry: hurry.signal, dispose }
}
