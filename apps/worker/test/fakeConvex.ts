import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { NewStep } from '@nebula/shared'

export interface FakeConvex {
  readonly url: string
  /** The functions that were called, in order: `worker:begin`. */
  readonly called: string[]
  close(): Promise<void>
}

/** Convex' HTTP API with as much behind it as the worker's reports need, for one run of these steps. */
export async function fakeConvex(steps: readonly NewStep[]): Promise<FakeConvex> {
  const answers: Readonly<Record<string, unknown>> = {
    'worker:open': { queued: [], running: [] },
    'worker:begin': { proceed: true, steps },
    'worker:stepStarted': { go: 'work' },
  }
  const called: string[] = []
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { path } = JSON.parse(body) as { path: string }
      called.push(path)
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ status: 'success', value: answers[path] ?? null, logLines: [] }))
    })
  })
  // Subscriptions never get an answer, as from a backend that hangs: nothing may wait for one.
  const sockets: Duplex[] = []
  server.on('upgrade', (_request, socket) => sockets.push(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    called,
    async close() {
      server.closeAllConnections()
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
