import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import { execa } from 'execa'
import { ownIdentity } from '../process/identity.ts'
import { readText, type ScopeOffer } from './scope.ts'

/** Milliseconds that systemd may take: its job runs after the answer. */
const PATIENCE = 3_000

/** Moves this process into a scope of its own, which ends with the last process in it. False: systemd refused. */
export async function enterScope({ manager }: ScopeOffer): Promise<boolean> {
  const holder = holdSession()
  const isIn = await moveTo(manager)
  if (!isIn) holder.kill()
  return isIn
}

/**
 * When the last session of a user ends, systemd ends everything below the user's manager, a scope of ours with it. The
 * session that we come from ends with its last process, as it would have if we had stayed in it: a child that stays
 * there as long as we live.
 */
function holdSession(): ChildProcess {
  const holder = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  holder.on('error', () => undefined)
  holder.unref()
  return holder
}

async function moveTo(manager: ScopeOffer['manager']): Promise<boolean> {
  const { pid, start } = ownIdentity()
  const scope = `worklane-${pid}-${start}.scope`
  const properties = ['PIDs', 'au', '1', String(pid), 'Delegate', 'b', 'true']
  const description = ['Description', 's', 'Worklane and its agents']
  const { exitCode } = await execa(
    'busctl',
    [
      ...[`--${manager}`, '--quiet', 'call', 'org.freedesktop.systemd1', '/org/freedesktop/systemd1'],
      ...['org.freedesktop.systemd1.Manager', 'StartTransientUnit', 'ssa(sv)a(sa(sv))'],
      ...[scope, 'fail', '3', ...properties, ...description, '0'],
    ],
    {
      reject: false,
      stdin: 'ignore',
      timeout: PATIENCE,
      env: manager === 'user' ? { XDG_RUNTIME_DIR: `/run/user/${process.getuid?.()}` } : {},
    },
  )
  if (exitCode !== 0) return false
  for (const deadline = performance.now() + PATIENCE; performance.now() < deadline; await wait(10))
    if (readText('/proc/self/cgroup').includes(`/${scope}`)) return true
  return false
}
