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

/** Of a dotenv file: nobody writes one for what everybody may know, so what looks like a secret is one by any name. */
export function dotenvSecrets(env: Readonly<Record<string, string | undefined>>): string[] {
  const others = Object.values(env).filter((value = '') => looksSecret(value))
  return [...new Set([...secretValues(env), ...others.map(String)])]
}

/** Bits a character: of English words about 3, of random letters and digits above 4, of hexadecimal ones up to 4. */
const LEAST_ENTROPY = 3.3
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** 20 characters or more as of a token, and no words joined by dashes, dots or slashes. */
function looksSecret(value: string): boolean {
  if (!/^[A-Za-z0-9+/=_.~-]{20,}$/.test(value) || entropyOf(value) < LEAST_ENTROPY) return false
  const mixed = (text: string): boolean => /\d/.test(text) && /[A-Za-z]/.test(text)
  return UUID.test(value) || value.split(/[-_./]/).some((part) => part.length >= 16 && mixed(part))
}

function entropyOf(text: string): number {
  const counts = [...Map.groupBy(text, (letter) => letter).values()]
  return counts.reduce((sum, { length }) => sum - (length / text.length) * Math.log2(length / text.length), 0)
}

const LOGIN = /auth|credential|oauth|secret|token/i

/**
 * Of a file with a login or settings, whatever its format: values by their names, and all that could be a token where
 * the file is for logins alone. `name`: of the file, without its directory.
 */
export function loginSecrets(name: string, text: string): string[] {
  const pairs = text.matchAll(/["']?([\w.-]+)["']?\s*[:=]\s*["']?([^\s"',]{8,})/g)
  const isLogin = LOGIN.test(name)
  return [...pairs].flatMap(([, key = '', value = '']) => {
    const isToken = isLogin && value.length >= 20 && !/^[a-z]+:\/\//.test(value)
    const isNamed = isSecretName(key) && /[A-Za-z]/.test(value) && !PLACEHOLDERS.includes(value.toLowerCase())
    return isToken || isNamed ? [value] : []
  })
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
