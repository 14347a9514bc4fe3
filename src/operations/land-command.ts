import { shellWord } from '../host/process/shell-word.ts'

/** The command that lands; an entry verified by what was asked for just now keeps that only by asking again. */
export function landCommand(verify: string | null): string {
  return verify === null ? 'worklane land' : `worklane land --verify ${shellWord(verify)}`
}
