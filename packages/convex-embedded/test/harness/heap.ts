import type { Server } from './server.ts'

const DEADLINE_MS = 30_000

/**
 * What the server's JavaScript heap holds when all that nobody refers to is gone, in bytes. Asked by Node.js' inspector,
 * so the server has to be started with it.
 */
export async function liveHeap(server: Pick<Server, 'lines'>): Promise<number> {
  const address = server.lines.map((line) => /^Debugger listening on (ws:\S+)/.exec(line)?.[1]).find(Boolean)
  if (address === undefined) throw new Error('the server has no inspector')
  const socket = new WebSocket(address)
  try {
    await new Promise((resolve, reject) => {
      socket.onopen = resolve
      socket.onerror = reject
    })
    // What the first collection finalizes, the second one takes.
    for (const _ of [1, 2]) await ask(socket, 'HeapProfiler.collectGarbage')
    const { usedSize } = await ask(socket, 'Runtime.getHeapUsage')
    return Number(usedSize)
  } finally {
    socket.close()
  }
}

let lastId = 0

/** Sends a command of the Chrome DevTools protocol. @returns its result */
async function ask(socket: WebSocket, method: string): Promise<Record<string, unknown>> {
  lastId += 1
  const id = lastId
  const deadline = AbortSignal.timeout(DEADLINE_MS)
  return await new Promise((resolve, reject) => {
    deadline.addEventListener('abort', () => reject(new Error(`no answer to ${method}`)))
    const listen = ({ data }: MessageEvent) => {
      const message = JSON.parse(String(data))
      if (message.id !== id) return
      socket.removeEventListener('message', listen)
      resolve(message.result)
    }
    socket.addEventListener('message', listen)
    socket.send(JSON.stringify({ id, method }))
  })
}
