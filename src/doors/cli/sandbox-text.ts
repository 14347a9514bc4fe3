import { rows } from './rows.ts'

interface WallsTest {
  readonly tried: readonly { readonly attempt: string; readonly outcome: string }[]
  readonly held: number
  readonly of: number
  readonly network: string
  readonly sandbox: string
}

const WORDS: Readonly<Record<string, string>> = {
  through: 'GOT THROUGH',
  policy: 'open by policy',
  'nothing here': 'impossible here anyway',
}

/** `worklane sandbox test` for people. */
export async function sandboxText({ tried, held, of, network, sandbox }: WallsTest): Promise<string> {
  const table = await rows([
    ['attempt', 'outcome'],
    ...tried.map(({ attempt, outcome }) => [attempt, WORDS[outcome] ?? outcome]),
  ])
  const open = tried.filter(({ outcome }) => outcome === 'policy').length
  const absent = tried.filter(({ outcome }) => outcome === 'nothing here').length
  const also = [
    ...(open === 0 ? [] : [`${open} open by policy`]),
    ...(absent === 0 ? [] : [`${absent} impossible here anyway`]),
    `network ${network}`,
  ]
  return [
    table,
    '',
    ...(sandbox === 'none'
      ? ['These walls are not used: the sandbox is none, agents can change anything that you can.']
      : []),
    `${held} of ${of} held; ${also.join(', ')}.`,
  ].join('\n')
}
