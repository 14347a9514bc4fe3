import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Nothing else has a port yet in a network namespace that was just made. */
const PORT = 3128
/** The port as /proc/net/tcp writes it (proc(5)), and the state of a socket that listens. */
const LISTENING = `*:${PORT.toString(16).toUpperCase().padStart(4, '0')}:0A`

/**
 * $1 socat, $2 the socket, then the program. In a subshell, so that no variable reaches the program, and from a command
 * substitution, so that socat is nobody's child whom the program would have to wait for. /proc/net/tcp is read by the
 * shell itself: no process is started while socat starts, which takes some milliseconds. `-t`: socat gives the other
 * direction half a second when one has ended, and answers take longer.
 */
const SCRIPT = `(
  forward=$("$1" -t 900 TCP-LISTEN:${PORT},bind=127.0.0.1,fork,reuseaddr "UNIX-CONNECT:$2" </dev/null >/dev/null 2>&1 & echo $!)
  listens() {
    while read -r entry local remote state rest; do
      case "$local:$state" in ${LISTENING}) return 0 ;; esac
    done </proc/net/tcp
    return 1
  }
  until listens; do kill -0 "$forward" 2>/dev/null || exit 1; done
) || { echo 'worklane: socat could not open the way to the network proxy.' >&2; exit 125; }
shift 2
exec "$@"`

/**
 * The command line that runs `argv` inside walls without a network, with a port of its loopback that leads to the
 * proxy's socket. For Linux, with the environment of `proxyEnvironment`; exits with 125 when there is no way.
 * @param socketInside where the walls show the proxy's socket, without `,` or `!!`, which socat reads itself
 */
export function throughProxy(argv: readonly string[], socketInside: string): string[] {
  return ['/bin/sh', '-c', SCRIPT, 'sh', findSocat() ?? 'socat', socketInside, ...argv]
}

/** What tells programs to use the proxy: there is no one name for it. The loopback needs no proxy. */
export function proxyEnvironment(): Record<string, string> {
  const url = `http://127.0.0.1:${PORT}`
  const here = 'localhost,127.0.0.1,::1'
  return {
    HTTP_PROXY: url,
    HTTPS_PROXY: url,
    ALL_PROXY: url,
    NO_PROXY: here,
    http_proxy: url,
    https_proxy: url,
    all_proxy: url,
    no_proxy: here,
    // Node's own http, https and fetch, since 22.21 and 24.5.
    NODE_USE_ENV_PROXY: '1',
  }
}

/** Null: a list of domains can be kept on this machine. Otherwise one line that says what to do. */
export function requirement(): string | null {
  if (findSocat() !== null) return null
  return 'sandbox.network.domains needs socat: install it (apt-get install socat, dnf install socat), or set sandbox.network to on or off.'
}

/** By its whole path, for inside a lane's own directories may come first. */
function findSocat(): string | null {
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    if (!directory.startsWith('/')) continue
    const path = join(directory, 'socat')
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {
      // Not here.
    }
  }
  return null
}
