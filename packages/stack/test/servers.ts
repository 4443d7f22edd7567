import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** Starts a server for one test. @returns its port. */
export async function listen(server: Server, host = '127.0.0.1'): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket.once('close', () => sockets.delete(socket))))
  server.listen(0, host)
  await once(server, 'listening')
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  })
  return (server.address() as AddressInfo).port // a TCP server has no other kind of address
}

/** Starts an HTTP server for one test. @returns its port. */
export async function httpServer(handler: RequestListener): Promise<number> {
  return await listen(createServer(handler))
}

/** Starts a TCP server that takes connections and says nothing. @returns its port. */
export async function silentServer(): Promise<number> {
  return await listen(createTcpServer())
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // a TCP server has no other kind of address
  await new Promise((resolve) => server.close(resolve))
  return port
}
