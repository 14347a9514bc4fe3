/**
 * Whether SQLite's result code says that we asked for what cannot be: a row that the ledger's own rules forbid, or a call
 * that makes no sense. Asked again it would be refused again (https://www.sqlite.org/rescode.html).
 */
export function isOurDefect(code: string): boolean {
  return /^SQLITE_(CONSTRAINT|MISMATCH|MISUSE|RANGE)/.test(code)
}
