import { inBytes } from '../../board/limits.ts'
import type { ArchiveView } from '../../operations/archive-view.ts'
import type { KeptBeside } from '../../operations/kept-beside.ts'
import { keptLines } from './kept-text.ts'
import { rows } from './rows.ts'

interface Shown extends ArchiveView {
  /** Why it cannot be read; then nothing below is there. */
  readonly problem: string | null
  readonly head?: { readonly branch: string | null; readonly commit: string } | null
  readonly paths?: readonly { readonly path: string; readonly size: number; readonly mode: string }[]
  readonly untouched?: number
  readonly deleted?: readonly string[]
  readonly leftOut?: { readonly total: number }
  readonly warnings?: readonly string[]
  readonly refs?: readonly { readonly ref: string; readonly oid: string }[]
  readonly kept?: readonly KeptBeside[]
  readonly commands: readonly { readonly what: string; readonly command: string }[]
}

/** `worklane archive list` for people. */
export async function archivesText({
  archives,
  bytes,
  atMost,
}: {
  readonly archives: readonly ArchiveView[]
  readonly bytes: number
  readonly atMost: number
}): Promise<string> {
  if (archives.length === 0) return 'No archives. Each lane that is removed leaves one.'
  const table = await rows(
    archives.map((archive) => [
      String(archive.id),
      `#${archive.task}`,
      time(archive.createdAt),
      inBytes(archive.bytes),
      `${archive.files} ${archive.files === 1 ? 'file' : 'files'}`,
      standing(archive),
      archive.subject,
    ]),
  )
  return `${table}\n${inBytes(bytes)} of ${inBytes(atMost)}. See one with: worklane archive show ID`
}

/** So many paths, refs and commands are shown; `--json` has all. */
const SHOWN = 12

/** `worklane archive show` for people. */
export function archiveText(archive: Shown): string {
  const { head, paths = [], deleted = [], refs = [], warnings = [], leftOut, commands } = archive
  return [
    `Archive   ${archive.id}, of task ${archive.task}: ${archive.subject}`,
    `Made      ${time(archive.createdAt)}`,
    `Work      ${standing(archive)}`,
    `Branch    ${archive.branch}${head === undefined || head === null ? '' : `, HEAD at ${head.commit.slice(0, 12)}${head.branch === null ? ' (detached)' : ''}`}`,
    `In        ${archive.directory}, ${inBytes(archive.bytes)}`,
    ...(archive.problem === null
      ? [
          `Files     ${archive.untouched ?? 0} as checked out, ${paths.length} others, ${deleted.length} deleted, ${leftOut?.total ?? 0} ignored ones left out`,
        ]
      : [`Damaged   ${archive.problem}`]),
    ...some(paths.map(({ path, mode, size: bytes }) => `          ${mode} ${inBytes(bytes)}  ${path}`)),
    ...some(deleted.map((path) => `          deleted  ${path}`)),
    ...some(refs.map(({ ref, oid }) => `Ref       ${oid.slice(0, 12)} ${ref}`)),
    ...keptLines(archive.kept ?? [], 'Kept      '),
    ...warnings.map((warning) => `Mind      ${warning}`),
    '',
    `Bring it back with: worklane archive restore ${archive.id}`,
    ...(commands.length === 0 ? [] : ['Or read it without Worklane:']),
    ...some(commands.map(({ what, command }) => `  ${command}    # ${what}`)),
  ].join('\n')
}

/** `worklane archive purge` for people. */
export function purgedText({
  purged,
  bytes,
}: {
  readonly purged: readonly ArchiveView[]
  readonly bytes: number
}): string {
  if (purged.length === 0) return 'Nothing to purge.'
  const names = purged.map(({ id, task }) => `${id} (task ${task})`).join(', ')
  return `Purged for good: ${names}; ${inBytes(bytes)} freed.`
}

function standing({ unlanded }: ArchiveView): string {
  return unlanded === null ? 'landed' : `not landed: ${unlanded}`
}

function some(lines: readonly string[]): string[] {
  const more = lines.length - SHOWN
  return more <= 0 ? [...lines] : [...lines.slice(0, SHOWN), `          … and ${more} more: --json has all`]
}

function time(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ')
}
