import { expect, test } from 'vitest'
import { isSecretName, secretValues } from '../../../src/board/secrets.ts'

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
