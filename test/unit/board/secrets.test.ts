import { expect, test } from 'vitest'
import { dotenvSecrets, isSecretName, loginSecrets, secretValues } from '../../../src/board/secrets.ts'

test.each([
  ...['ANTHROPIC_API_KEY', 'GH_TOKEN', 'AWS_SECRET_ACCESS_KEY', 'DB_PASSWORD', 'MYSQL_PWD', 'GITHUB_PAT'],
  ...[
    'AZURE_CREDENTIALS',
    'SMTP_PASS',
    'npm_config__authToken',
    'SIGNING_SECRET',
    'AWS_BEARER_TOKEN_BEDROCK',
  ],
  ...['SSH_PASSPHRASE', 'SENTRY_DSN', 'API_KEYS'],
])('%s is the name of a secret', (name) => {
  expect(isSecretName(name)).toBe(true)
})

test.each([
  ...['PATH', 'HOME', 'GIT_ASKPASS', 'SSH_AUTH_SOCK', 'COMPAT', 'MY_PUBLIC_KEY', 'STRIPE_PUBLISHABLE_KEY'],
  ...['GOOGLE_APPLICATION_CREDENTIALS', 'TOKENIZERS_PARALLELISM', 'AWS_REGION', 'KEYBOARD', 'PWD', 'OLDPWD'],
])('%s is not', (name) => {
  expect(isSecretName(name)).toBe(false)
})

test('values go by names, and passwords of URLs by what they are', () => {
  const env = {
    GH_TOKEN: 'token-value',
    DATABASE_URL: 'postgres://app:p%40ssw0rt@db/x',
    HTTP_PROXY: 'http://proxy:3128',
    POSTGRES_PASSWORD: 'postgres',
    EMPTY_KEY: '',
    NONE_KEY: undefined,
    PATH: '/bin',
  }
  expect(secretValues(env)).toEqual(['token-value', 'p%40ssw0rt', 'p@ssw0rt'])
})

test('of a dotenv file what looks like a secret is one, whatever its name', () => {
  const random = [
    'q9Zt4Lw8Vb2Nc7Xk1Mj6Hs',
    '9f86d081884c7d659a2feaa0c55ad015',
    '550e8400-e29b-41d4-a716-446655440000',
  ]
  const plain = {
    HOST: 'my-service-1.eu-west-1.example.com',
    MODEL: 'claude-sonnet-4-20250514',
    DIRECTORY: '/home/ann/projects/shop2/data',
    ORIGIN: 'https://shop.example.com:8443/some/path/1',
    TEXT: 'a sentence of 7 words is no secret',
    LEVEL: 'debug',
    ZEROS: '000000000000000000000000a1',
  }
  expect(dotenvSecrets({ ...plain, A: random[0], B: random[1], C: random[2] })).toEqual(random)
})

test('of a file with a login all that could be a token is secret, of settings what is named so', () => {
  const login = JSON.stringify({
    access: 'abcdefghijklmnopqrstu',
    scope: 'https://example.com/auth/scope',
    n: 17,
  })
  expect(loginSecrets('auth.json', login)).toEqual(['abcdefghijklmnopqrstu'])
  const settings = JSON.stringify({
    maxTokens: 12345678,
    model: 'claude-sonnet-4-20250514',
    env: { MY_API_KEY: 'key-of-mine' },
  })
  expect(loginSecrets('settings.json', settings)).toEqual(['key-of-mine'])
  expect(loginSecrets('config.toml', 'auth_token = "token-of-mine"\n')).toEqual(['token-of-mine'])
  expect(loginSecrets('.npmrc', '//registry.npmjs.org/:_authToken=npm-of-mine\n')).toEqual(['npm-of-mine'])
})
