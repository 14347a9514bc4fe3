import { matchesName } from '../../board/name-pattern.ts'

/** What a program that works in a lane is told through its environment. */
export interface LaneFacts {
  readonly task: number
  readonly lane: number
  readonly epoch: number
  /** The run's token; every process of the run carries it. */
  readonly run: string
  /** First leased port; null when none is leased. */
  readonly port: number | null
  readonly portCount: number
  readonly tmpdir: string
  /** Keeps the containers of one lane apart from another's (`COMPOSE_PROJECT_NAME`). */
  readonly project: string
  /** Names of variables to pass on; an entry may end in `*`. */
  readonly inherit: readonly string[]
  readonly promptFile?: string
  /** What the configuration sets for every run. It cannot replace what is set here. */
  readonly extra?: Readonly<Record<string, string>>
}

/** Passed on to every program: who and where the user is, tools, proxies, how models are reached; no secret. */
export const PLAIN_VARIABLES: readonly string[] = [
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LANGUAGE', 'LC_*', 'TERM', 'TZ'],
  ...['XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_CACHE_HOME', 'XDG_STATE_HOME'],
  // Reaching the network.
  ...[
    'HTTP_PROXY',
    'HTTPS_PROXY',
    'ALL_PROXY',
    'NO_PROXY',
    'http_proxy',
    'https_proxy',
    'all_proxy',
    'no_proxy',
  ],
  ...['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'],
  // Who commits. Dates are left out: one inherited from a hook would date every commit.
  ...['GIT_AUTHOR_NAME', 'GIT_AUTHOR_EMAIL', 'GIT_COMMITTER_NAME', 'GIT_COMMITTER_EMAIL'],
  ...['GIT_CONFIG_GLOBAL', 'GIT_CONFIG_NOSYSTEM', 'GIT_SSL_CAINFO'],
  // Where tools live. Not VIRTUAL_ENV: it names the main checkout's.
  ...['NVM_*', 'FNM_DIR', 'VOLTA_HOME', 'N_PREFIX', 'PNPM_HOME', 'BUN_INSTALL', 'DENO_DIR', 'DENO_INSTALL'],
  ...['COREPACK_HOME', 'PYENV_*', 'RBENV_*', 'ASDF_*', 'MISE_*', 'SDKMAN_*', 'JAVA_HOME', 'MAVEN_HOME'],
  ...[
    'GRADLE_HOME',
    'GRADLE_USER_HOME',
    'GOPATH',
    'GOROOT',
    'GOCACHE',
    'GOMODCACHE',
    'GOPROXY',
    'CARGO_HOME',
  ],
  ...['RUSTUP_HOME', 'RUSTUP_TOOLCHAIN', 'UV_CACHE_DIR', 'PIP_CACHE_DIR', 'ANDROID_HOME', 'DOTNET_ROOT'],
  ...['HOMEBREW_PREFIX', 'HOMEBREW_CELLAR', 'HOMEBREW_REPOSITORY', 'NIX_*', 'PLAYWRIGHT_BROWSERS_PATH'],
  // Where agents keep their settings, and which model they ask where. Their keys: src/config/agent-programs.ts.
  ...['CLAUDE_CONFIG_DIR', 'CLAUDE_CODE_USE_*', 'CODEX_HOME', 'OPENCODE_CONFIG', 'OPENCODE_CONFIG_DIR'],
  ...['ANTHROPIC_BASE_URL', 'ANTHROPIC_MODEL', 'ANTHROPIC_SMALL_FAST_MODEL', 'ANTHROPIC_DEFAULT_*'],
  ...['OPENAI_BASE_URL', 'OPENAI_API_BASE', 'OPENAI_MODEL', 'GEMINI_MODEL', 'GOOGLE_CLOUD_PROJECT'],
  ...['GOOGLE_CLOUD_LOCATION', 'GOOGLE_GENAI_USE_*', 'AZURE_OPENAI_ENDPOINT', 'AZURE_API_BASE'],
  ...['AZURE_API_VERSION', 'AWS_PROFILE', 'AWS_REGION', 'OLLAMA_HOST', 'OLLAMA_API_BASE'],
]

/**
 * Git's variables that only say who commits and how to reach servers. All others point git at another repository or
 * make it run something: GIT_DIR inherited by `git init` sets core.bare in the shared config.
 */
const HARMLESS_GIT = [
  'GIT_AUTHOR_*',
  'GIT_COMMITTER_*',
  'GIT_CONFIG_GLOBAL',
  'GIT_CONFIG_NOSYSTEM',
  'GIT_SSL_CAINFO',
]
/** What belongs to our own process, whatever the configuration allows. `npm run` adds some forty npm_* variables. */
const OUR_OWN = [
  'WORKLANE_*',
  'npm_*',
  'NPM_*',
  'INIT_CWD',
  'NODE_OPTIONS',
  'NODE_CHANNEL_FD',
  'PWD',
  'OLDPWD',
  '_',
]

/** The complete environment of a program in a lane. `from` is what it may inherit of: our own environment. */
export function laneEnvironment(
  input: LaneFacts,
  from: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string> {
  return {
    ...inherited(input.inherit, from),
    ...withoutGit(input.extra ?? {}),
    WORKLANE_TASK: `${input.task}`,
    WORKLANE_LANE: `${input.lane}`,
    WORKLANE_EPOCH: `${input.epoch}`,
    WORKLANE_RUN: input.run,
    ...ports(input.port, input.portCount),
    TMPDIR: input.tmpdir,
    COMPOSE_PROJECT_NAME: input.project,
    ...(input.promptFile === undefined ? {} : { WORKLANE_PROMPT_FILE: input.promptFile }),
  }
}

/** `WORKLANE_PORTS` is `from-to`, both included. */
function ports(first: number | null, count: number): Record<string, string> {
  if (first === null || count < 1) return {}
  return { WORKLANE_PORT: `${first}`, PORT: `${first}`, WORKLANE_PORTS: `${first}-${first + count - 1}` }
}

function inherited(
  allowed: readonly string[],
  from: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const env: Record<string, string> = {}
  for (const [name, value] of Object.entries(from))
    if (value !== undefined && matchesName(allowed, name) && !matchesName(OUR_OWN, name)) env[name] = value
  return withoutGit(env)
}

function withoutGit(env: Readonly<Record<string, string>>): Record<string, string> {
  const allowed = (name: string): boolean => !name.startsWith('GIT_') || matchesName(HARMLESS_GIT, name)
  return Object.fromEntries(Object.entries(env).filter(([name]) => allowed(name)))
}
