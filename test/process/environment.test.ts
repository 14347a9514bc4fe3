import { expect, test } from 'vitest'
import { isSecretName } from '../../src/board/secrets.ts'
import { AGENT_PROGRAMS } from '../../src/config/agent-programs.ts'
import { laneEnvironment, PLAIN_VARIABLES } from '../../src/host/process/environment.ts'

const facts = {
  task: 7,
  lane: 12,
  epoch: 3,
  run: 'token',
  port: 4100,
  portCount: 10,
  tmpdir: '/lanes/7/tmp',
  project: 'worklane-7',
  inherit: PLAIN_VARIABLES,
}

test('what a lane is told', () => {
  expect(laneEnvironment({ ...facts, promptFile: '/runs/1/prompt.md' }, {})).toEqual({
    WORKLANE_TASK: '7',
    WORKLANE_LANE: '12',
    WORKLANE_EPOCH: '3',
    WORKLANE_RUN: 'token',
    WORKLANE_PORT: '4100',
    PORT: '4100',
    WORKLANE_PORTS: '4100-4109',
    TMPDIR: '/lanes/7/tmp',
    COMPOSE_PROJECT_NAME: 'worklane-7',
    WORKLANE_PROMPT_FILE: '/runs/1/prompt.md',
  })
})

test('without a port no port is named, not even an inherited one', () => {
  const env = laneEnvironment({ ...facts, port: null }, { PORT: '80', WORKLANE_PORT: '81' })
  expect(Object.keys(env).filter((name) => name.includes('PORT'))).toEqual([])
})

test('every program is told of tools and proxies, and of no secret', () => {
  const passed = ['PATH', 'HOME', 'LC_ALL', 'https_proxy', 'ANTHROPIC_MODEL', 'NVM_DIR', 'GIT_AUTHOR_NAME']
  const dropped = [
    ...AGENT_PROGRAMS.flatMap(({ keys }) => keys.map((key) => key.replace('*', 'KEY'))),
    'SSH_AUTH_SOCK',
    'GH_TOKEN',
    'AWS_SECRET_ACCESS_KEY',
    'DATABASE_URL',
    'VIRTUAL_ENV',
    'LD_PRELOAD',
  ]
  const from = Object.fromEntries([...passed, ...dropped].map((name) => [name, 'x']))
  const env = laneEnvironment(facts, from)
  expect(passed.filter((name) => !(name in env))).toEqual([])
  expect(dropped.filter((name) => name in env)).toEqual([])
  expect(PLAIN_VARIABLES.filter(isSecretName)).toEqual([])
})

test('what is never inherited, whatever is allowed', () => {
  const never = {
    GIT_DIR: 'x',
    GIT_INDEX_FILE: 'x',
    GIT_SSH_COMMAND: 'x',
    GIT_CONFIG_COUNT: '1',
    NODE_OPTIONS: '--inspect',
    npm_config_registry: 'x',
    WORKLANE_RUN: 'of another run',
    WORKLANE_PROMPT_FILE: 'of another run',
  }
  const from = { ...never, GIT_COMMITTER_EMAIL: 'a@b', GIT_CONFIG_GLOBAL: '/dev/null', ANY: 'y' }
  const env = laneEnvironment({ ...facts, inherit: ['*'] }, from)
  const own = laneEnvironment(facts, {})
  expect(env).toEqual({ ...own, GIT_COMMITTER_EMAIL: 'a@b', GIT_CONFIG_GLOBAL: '/dev/null', ANY: 'y' })
})

test('the configuration adds and replaces, but not what tells lanes apart or points git elsewhere', () => {
  const extra = { PATH: '/own/bin', CI: '1', PORT: '80', WORKLANE_RUN: 'x', GIT_DIR: '/elsewhere' }
  const env = laneEnvironment({ ...facts, extra }, { PATH: '/bin' })
  expect(env).toMatchObject({ PATH: '/own/bin', CI: '1', PORT: '4100', WORKLANE_RUN: 'token' })
  expect(env).not.toHaveProperty('GIT_DIR')
})
