import { readFileSync, statfsSync } from 'node:fs'

/** Magic numbers from statfs(2), and CEPH_SUPER_MAGIC and AFS_FS_MAGIC from linux/magic.h. */
const NETWORK: Readonly<Record<number, string>> = {
  26985: 'NFS', // 0x6969
  20859: 'SMB', // 0x517b
  4283649346: 'CIFS', // 0xff534d42
  4266872130: 'SMB', // 0xfe534d42
  16914839: '9p', // 0x01021997
  1937076805: 'Coda', // 0x73757245
  1397113167: 'AFS', // 0x5346414f
  1799439955: 'AFS', // 0x6b414653
  12805120: 'Ceph', // 0x00c36400
  22092: 'NCP', // 0x564c
}
const FUSE = 0x65735546
/** Under FUSE are local file systems too; these names in /proc/self/mountinfo (proc(5)) are of another machine's. */
const REMOTE_FUSE =
  /^fuse\.(sshfs|rclone|s3fs|gcsfuse|glusterfs|ceph|davfs2?|curlftpfs|goofys|moosefs|juicefs)/

/** The name of the network file system that a path lies on; null for a local one. Only Linux tells. */
export function networkFileSystem(path: string): string | null {
  if (process.platform !== 'linux') return null
  const { type } = statfsSync(path)
  return networkName(type, () => mountTypeOf(path))
}

/** `type` as statfs(2) gives it, which may have become negative on its way. */
export function networkName(type: number, mountType: () => string | null): string | null {
  const number = type >>> 0
  if (number !== FUSE) return NETWORK[number] ?? null
  return REMOTE_FUSE.exec(mountType() ?? '')?.[1] ?? null
}

/** The type of the mount that a path lies in: the longest mount point above it. */
function mountTypeOf(path: string): string | null {
  let best: { readonly length: number; readonly type: string } | null = null
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    const point = unescaped(line.split(' ')[4] ?? '')
    const type = / - (\S+)/.exec(line)?.[1]
    const inside = point === '/' || path === point || path.startsWith(`${point}/`)
    if (type !== undefined && inside && point.length >= (best?.length ?? 0))
      best = { length: point.length, type }
  }
  return best?.type ?? null
}

/** Spaces and the like are octal there. */
function unescaped(text: string): string {
  return text.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}
