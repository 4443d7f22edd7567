import { readdir, readFile, readlink } from 'node:fs/promises'
import type { Listener, UnknownHolder } from './listener.ts'

const LISTEN = '0A'
/** 127.0.0.1, all IPv4 addresses, all IPv6 addresses and ::ffff:127.0.0.1, as the kernel prints them. */
const LOCAL_ADDRESSES = new Set(['0100007F', '00000000', '0'.repeat(32), '0000000000000000FFFF00000100007F'])
const COMMAND_LENGTH = 120

interface Socket {
  readonly port: number
  readonly inode: string
  readonly uid: string
}

/**
 * Who listens on these ports, from Linux' /proc. The kernel shows every socket, but only root sees the processes of
 * others: a socket without a visible process is somebody else's.
 */
export async function listenersByProcfs(
  ports: readonly number[],
): Promise<ReadonlyMap<number, Listener | UnknownHolder>> {
  const sockets = (await listeningSockets()).filter((socket) => ports.includes(socket.port))
  if (sockets.length === 0) return new Map()
  const pids = await pidsOfSockets(new Set(sockets.map((socket) => socket.inode)))
  const listeners = await Promise.all(
    sockets.map(async ({ port, inode, uid }) => {
      const pid = pids.get(inode)
      return [port, pid === undefined ? await strangerOf(uid) : await describeProcess(pid)] as const
    }),
  )
  return new Map(listeners)
}

async function listeningSockets(): Promise<readonly Socket[]> {
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFile(file, 'utf8').catch(() => '')),
  )
  return tables.flatMap((table) => table.split('\n').slice(1)).flatMap(parseSocket)
}

/** A line of /proc/net/tcp: number, local address, remote address, state, queues, timer, retransmits, uid, timeout, inode. */
function parseSocket(line: string): readonly Socket[] {
  const [, local = '', , state, , , , uid = '', , inode = ''] = line.trim().split(/\s+/)
  const [address = '', port = ''] = local.split(':')
  if (state !== LISTEN || !LOCAL_ADDRESSES.has(address)) return []
  return [{ port: Number.parseInt(port, 16), inode, uid }]
}

async function pidsOfSockets(inodes: ReadonlySet<string>): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>()
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  for (const pid of pids) {
    if (found.size === inodes.size) break
    for (const inode of await socketsOf(pid)) {
      // Children inherit sockets. The lowest pid is listed first and is, as a rule, the one that opened it.
      if (inodes.has(inode) && !found.has(inode)) found.set(inode, Number(pid))
    }
  }
  return found
}

/** The inodes of a process' sockets; none when it is gone or belongs to somebody else. */
async function socketsOf(pid: string): Promise<readonly string[]> {
  const folder = `/proc/${pid}/fd`
  const descriptors = await readdir(folder).catch(() => [])
  const targets = await Promise.all(descriptors.map((name) => readlink(`${folder}/${name}`).catch(() => '')))
  return targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? [])
}

async function describeProcess(pid: number): Promise<Listener> {
  const [commandLine, name, cwd] = await Promise.all([
    readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''),
    readFile(`/proc/${pid}/comm`, 'utf8').catch(() => ''),
    readlink(`/proc/${pid}/cwd`).catch(() => ''),
  ])
  const command = commandLine.replaceAll('\0', ' ').trim() || name.trim() || 'a process'
  return { pid, command: command.slice(0, COMMAND_LENGTH), ...(cwd === '' ? {} : { cwd }) }
}

async function strangerOf(uid: string): Promise<UnknownHolder> {
  const users = await readFile('/etc/passwd', 'utf8').catch(() => '')
  const user = users.split('\n').find((line) => line.split(':')[2] === uid)?.split(':')[0] // biome-ignore format: one look-up
  return { unknown: true, user: user ?? uid }
}
