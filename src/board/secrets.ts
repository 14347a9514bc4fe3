/** Ends of names. `_PAT` and `_PASS` with what is before them: `COMPAT` and `GIT_ASKPASS` are no secrets. */
const SECRET_NAME =
  /(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?|COOKIE|_PAT|_PASS|_PWD|_AUTH|_SALT|_DSN|CONNECTION_STRING|BEARER_TOKEN_BEDROCK)S?$/
const NO_SECRET = /PUBLIC_?KEY|PUBLISHABLE_?KEY|^GPG_KEY$|^GOOGLE_APPLICATION_CREDENTIALS$/
/** What stands in examples and test set-ups; redacting it would make output unreadable and hide nothing. */
const PLACEHOLDERS = ['password', 'passw0rd', 'changeme', 'postgres', 'localhost', 'disabled', 'undefined']
const URL_PASSWORD = /^[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:([^\s/]+)@/i

/** Whether a variable of this name usually holds a secret. */
export function isSecretName(name: string): boolean {
  const upper = name.toUpperCase()
  return SECRET_NAME.test(upper) && !NO_SECRET.test(upper)
}

/** The values of variables that hold secrets, by their names, or because they are URLs with a password. */
export function secretValues(env: Readonly<Record<string, string | undefined>>): string[] {
  const values = Object.entries(env).flatMap(([name, value = '']) => [
    ...(isSecretName(name) ? [value] : []),
    ...passwordOf(value),
  ])
  return [...new Set(values)].filter((value) => value !== '' && !PLACEHOLDERS.includes(value.toLowerCase()))
}

/** As it stands in the URL, and as it is meant. */
function passwordOf(value: string): string[] {
  const written = URL_PASSWORD.exec(value)?.[1]
  if (written === undefined) return []
  try {
    return [written, decodeURIComponent(written)]
  } catch {
    return [written]
  }
}
