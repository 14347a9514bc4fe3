/** How secrets of one kind look, wherever they come from. */
export interface SecretPattern {
  /** Where the shape was taken from. */
  readonly source: string
  /** Every match begins with one of these, so a plain search for them is enough to find candidates. */
  readonly leads: readonly string[]
  /** Only where a word begins: the lead is part of ordinary words. */
  readonly atWord?: true
  /** Sticky: tried where a lead stands. What its first group matched is kept, the rest is the secret. */
  readonly match: RegExp
  /** One character: whatever may follow the lead within a match or within the beginning of one. */
  readonly run: RegExp
  /** Characters of the longest match. */
  readonly most: number
  /** Sticky, to the end of the text: tells a real beginning from other text in characters of `run`. */
  readonly begun?: RegExp
}

const GITLEAKS = 'https://github.com/gitleaks/gitleaks/blob/master/config/gitleaks.toml'
const WORD = /[A-Za-z0-9_-]/

/**
 * Where a word begins, also behind an escaped line end (JSON within output) and behind a colour. Without this
 * `task-…` would hold an `sk-…`.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape character begins a colour
export const WORD_START = /(?<=^|[^A-Za-z0-9_-]|\\[nrt]|\x1b\[[0-9;]{0,16}m)/y

/** A line of a PEM block ends with a line end, or with one that was escaped, quoted or joined. */
const BREAK = String.raw`(?:[\s"',|>]|\\[nrt\\]){1,24}`
const PEM_HEADER = String.raw`(?:Proc-Type|DEK-Info|Version|Comment|Hash|Charset): ?[^\r\n\\"]{0,200}`
const PEM_LINE = '[A-Za-z0-9+/=]{16,16384}'
const PEM_BODY = `(?:${BREAK}(?:${PEM_HEADER}|${PEM_LINE})){1,400}`

export const SECRET_PATTERNS: readonly SecretPattern[] = [
  {
    source: GITLEAKS,
    leads: ['sk-ant-'],
    match: /sk-ant-[a-z]{2,10}\d{0,3}-[A-Za-z0-9_-]{16,240}/y,
    run: WORD,
    most: 264,
  },
  {
    // OpenAI's, and those that took over its shape (DeepSeek, Moonshot, OpenRouter).
    source: GITLEAKS,
    leads: ['sk-'],
    atWord: true,
    match:
      /sk-(?:(?:proj|svcacct|admin|or-v1)-(?=[A-Za-z_-]{0,200}\d)[A-Za-z0-9_-]{20,300}|(?=[A-Za-z]{0,100}\d)[A-Za-z0-9]{32,100}(?![A-Za-z0-9_-]))/y,
    run: WORD,
    most: 320,
  },
  {
    source:
      'https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/',
    leads: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'],
    match: /gh[pousr]_[A-Za-z0-9]{36,255}/y,
    run: /[A-Za-z0-9]/,
    most: 260,
  },
  {
    source: GITLEAKS,
    leads: ['github_pat_'],
    match: /github_pat_[A-Za-z0-9_]{36,255}/y,
    run: /[A-Za-z0-9_]/,
    most: 270,
  },
  {
    source: 'https://docs.gitlab.com/security/tokens/#token-prefixes',
    leads: ['glpat-', 'gldt-', 'glrt-', 'glptt-', 'glcbt-', 'gloas-'],
    match: /gl(?:pat|dt|rt|ptt|cbt|oas)-[A-Za-z0-9_-]{20,300}(?:\.[a-z0-9]{2}\.[a-z0-9]{9})?/y,
    run: /[A-Za-z0-9_.-]/,
    most: 330,
  },
  {
    source: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html',
    leads: ['AKIA', 'ASIA'],
    atWord: true,
    match: /A[KS]IA[A-Z2-7]{16}(?![A-Za-z0-9])/y,
    run: /[A-Z0-9]/,
    most: 20,
  },
  {
    // Forty letters and digits alone may be anything; behind their name they are the key.
    source: GITLEAKS,
    leads: ['aws_secret_access_key', 'AWS_SECRET_ACCESS_KEY', 'SecretAccessKey', 'secretAccessKey'],
    match:
      /((?:aws_secret_access_key|AWS_SECRET_ACCESS_KEY|[Ss]ecretAccessKey)[\\"']{0,3}\s{0,3}[:=]\s{0,3}[\\"']{0,3})[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])/y,
    run: /[A-Za-z0-9/+\\"'\s:=]/,
    most: 80,
  },
  {
    source: GITLEAKS,
    leads: ['AIza', 'ya29.', 'GOCSPX-'],
    atWord: true,
    match:
      /(?:AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])|ya29\.[A-Za-z0-9_-]{20,2000}|GOCSPX-[A-Za-z0-9_-]{28})/y,
    run: WORD,
    most: 2010,
  },
  {
    source: 'https://docs.slack.dev/authentication/tokens/',
    leads: ['xox', 'xapp-', 'hooks.slack.com/services/'],
    match: /(?:xox[abeoprs](?:\.xox[bp])?-|xapp-|(hooks\.slack\.com\/services\/))[A-Za-z0-9/-]{10,250}/y,
    run: /[A-Za-z0-9./-]/,
    most: 290,
  },
  {
    source: GITLEAKS,
    leads: ['npm_'],
    match: /npm_[A-Za-z0-9]{36}(?![A-Za-z0-9_])/y,
    run: /[A-Za-z0-9_]/,
    most: 41,
  },
  {
    source: 'https://docs.stripe.com/keys',
    leads: ['sk_live_', 'rk_live_', 'sk_test_', 'rk_test_', 'whsec_'],
    atWord: true,
    match: /(?:[sr]k_(?:live|test)_|whsec_)[A-Za-z0-9+/=]{16,250}/y,
    run: /[A-Za-z0-9+/=]/,
    most: 260,
  },
  {
    // Hugging Face, Groq, xAI.
    source: GITLEAKS,
    leads: ['hf_', 'gsk_', 'xai-'],
    atWord: true,
    match: /(?:hf_[A-Za-z]{34}|gsk_[A-Za-z0-9]{40,60}|xai-[A-Za-z0-9]{70,90})(?![A-Za-z0-9])/y,
    run: /[A-Za-z0-9]/,
    most: 96,
  },
  {
    // A JSON Web Token: RFC 7519; `eyJ` is what `{"` becomes.
    source: 'https://www.rfc-editor.org/rfc/rfc7519',
    leads: ['eyJ'],
    atWord: true,
    match: /eyJ[A-Za-z0-9_-]{8,2000}\.eyJ[A-Za-z0-9_-]{8,8000}\.[A-Za-z0-9_-]{8,1400}/y,
    run: /[A-Za-z0-9_.-]/,
    most: 11_500,
  },
  {
    source: 'https://www.rfc-editor.org/rfc/rfc9110#name-authorization',
    leads: ['authorization', 'Authorization', 'AUTHORIZATION'],
    match:
      /(authorization[\\"']{0,3}\s{0,3}[:=,]\s{0,3}[\\"']{0,3}(?:bearer|basic|token)\s{1,3})[A-Za-z0-9._~+/=:-]{8,4000}/iy,
    run: /[A-Za-z0-9._~+/=:,\\"'\s-]/,
    most: 4050,
  },
  {
    source: 'https://www.rfc-editor.org/rfc/rfc6750',
    leads: ['bearer ', 'Bearer '],
    atWord: true,
    match: /([Bb]earer )(?=[A-Za-z._~+/=-]{0,200}\d)[A-Za-z0-9._~+/=-]{20,4000}/y,
    run: /[A-Za-z0-9._~+/=-]/,
    most: 4010,
  },
  {
    source: 'https://docs.anthropic.com/en/api/overview#authentication',
    leads: ['x-api-key', 'X-Api-Key', 'X-API-Key'],
    match: /(x-api-key[\\"']{0,3}\s{0,3}[:=]\s{0,3}[\\"']{0,3})[A-Za-z0-9._-]{16,300}/iy,
    run: /[A-Za-z0-9._:=\\"'\s-]/,
    most: 330,
  },
  {
    // The password of a URL: RFC 3986, 3.2.1.
    source: 'https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1',
    leads: ['://'],
    match: /(:\/\/[^\s/:@"'<>?#]{0,128}:)[^\s/"'<>,?#]{1,256}(?=@)/y,
    run: /[^\s/"'<>,?#]/,
    most: 390,
  },
  {
    source: 'https://www.rfc-editor.org/rfc/rfc7468',
    leads: ['-----BEGIN '],
    match: new RegExp(
      `-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----${PEM_BODY}(?:(?:${BREAK}[A-Za-z0-9+/=]{1,80}){0,2}${BREAK}-----END [A-Z0-9 ]{1,60}-----)?`,
      'y',
    ),
    // What it is made of says `begun`.
    run: /[\s\S]/,
    most: 16_384,
    begun: new RegExp(
      `-----BEGIN [A-Z0-9 ]{0,60}(?:-{0,5}|-----(?:${PEM_BODY})?(?:${BREAK}[A-Za-z0-9+/=]{0,80}){0,2}(?:${BREAK}(?:[A-Z][A-Za-z-]{0,9}:?[^\\r\\n\\\\"]{0,200}|-[-A-Z0-9 ]{0,70}))?\\\\?)$`,
      'y',
    ),
  },
]
