import { connect, createServer } from 'node:net'
import { z } from 'zod'
import { exec } from '../exec.ts'
import { filledLines } from '../text.ts'
import type { PortHolder } from './listener.ts'
import { listenersByLsof } from './lsof.ts'
import { listenersByProcfs } from './procfs.ts'

const HOST = '127.0.0.1'
const CONNECT_TIMEOUT_MS = 500
const DOCKER_TIMEOUT_MS = 3_000
/** What listens in the place of a container: Docker Engine, Docker Desktop, rootless Docker, OrbStack. */
const CONTAINER_PROXY = /docker-proxy|dockerd|com\.docker|rootlessport|vpnkit|orbstack/i

const DockerPorts = z.object({ Names: z.string(), Ports: z.string() })

/** Whether a server could listen on 127.0.0.1 at this port now. */
export async function isPortFree(port: number): Promise<boolean> {
  // macOS lets a second server have 127.0.0.1 where the first has all addresses, hence the look from the other side.
  return (await canListen(port)) && !(await somebodyAnswers(port))
}

/**
 * Who listens on a TCP port of this machine.
 * @returns null when nobody does.
 */
export async function holderOfPort(port: number): Promise<PortHolder | null> {
  return (await holdersOfPorts([port])).get(port) ?? null
}

/** Like `holderOfPort` for several ports, with one look at the system; ports that nobody listens on are left out. */
export async function holdersOfPorts(ports: readonly number[]): Promise<ReadonlyMap<number, PortHolder>> {
  const listeners = process.platform === 'linux' ? await listenersByProcfs(ports) : await listenersByLsof(ports)
  const holders = new Map<number, PortHolder>()
  for (const port of ports) {
    const listener = listeners.get(port) ?? ((await isPortFree(port)) ? null : { unknown: true as const })
    if (listener) holders.set(port, listener)
  }
  const proxied = [...holders].filter(([, holder]) => holder.pid === undefined || CONTAINER_PROXY.test(holder.command))
  if (proxied.length === 0) return holders
  const containers = await publishedPorts()
  for (const [port, holder] of proxied) {
    const container = containers.get(port)
    if (container !== undefined) holders.set(port, { ...holder, container })
  }
  return holders
}

/** "vite (pid 4711, in /home/me/other)": for messages. */
export function describeHolder(holder: PortHolder): string {
  if (holder.container !== undefined) return `the container ${holder.container}`
  if (holder.pid === undefined)
    return holder.user === undefined ? 'another process' : `a process of the user ${holder.user}`
  return `${holder.command} (pid ${holder.pid}${holder.cwd === undefined ? '' : `, in ${holder.cwd}`})`
}

/** A command that frees the port. */
export function freePortCommand(holder: PortHolder, port: number): string {
  if (holder.container !== undefined) return `docker stop ${holder.container}`
  if (holder.pid !== undefined) return `kill ${holder.pid}`
  return `sudo lsof -nP -iTCP:${port} -sTCP:LISTEN`
}

async function canListen(port: number): Promise<boolean> {
  return await new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    )
    server.listen({ host: HOST, port, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

async function somebodyAnswers(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ host: HOST, port, timeout: CONNECT_TIMEOUT_MS })
    const end = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
    socket.once('timeout', () => end(false))
  })
}

/** Ports of this machine that lead into containers, with the containers' names. Empty without a Docker that answers. */
async function publishedPorts(): Promise<ReadonlyMap<number, string>> {
  const ports = new Map<number, string>()
  const listed = await exec(['docker', 'ps', '--format', '{{json .}}'], { timeoutMs: DOCKER_TIMEOUT_MS }).catch(
    () => null,
  )
  if (listed?.exitCode !== 0) return ports
  for (const line of filledLines(listed.stdout)) {
    const { Names, Ports } = DockerPorts.parse(JSON.parse(line))
    // `127.0.0.1:5005->5000/tcp, :::8000-8002->8000-8002/tcp`
    for (const [, first, last] of Ports.matchAll(/:(\d+)(?:-(\d+))?->/g)) {
      for (let port = Number(first); port <= Number(last ?? first); port += 1) ports.set(port, Names)
    }
  }
  return ports
}
