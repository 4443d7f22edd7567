import { once } from 'node:events'
import { realpath } from 'node:fs/promises'
import { createServer as createHttp2Server, type OutgoingHttpHeaders } from 'node:http2'
import { createServer as createTcpServer } from 'node:net'
import { expect, test } from 'vitest'
import type { Endpoint, Ready } from '../../src/catalogue/schema.ts'
import { STAND_IN_HEADER } from '../../src/health/checkHttp.ts'
import { type ProbeContext, probe } from '../../src/health/probe.ts'
import { waitUntilReady } from '../../src/health/waitUntilReady.ts'
import { freePort, httpServer, listen, silentServer } from '../servers.ts'
import { temporaryFolder } from '../temporaryFolder.ts'

const http: Ready = { kind: 'http', endpoint: 'it', path: '/', status: 200, deadlineMs: 5_000 }
const tcp: Ready = { kind: 'tcp', endpoint: 'it', deadlineMs: 5_000 }
const grpc: Ready = { kind: 'grpc', endpoint: 'it', service: 's', deadlineMs: 5_000 }
const script = (text: string): Ready => ({ kind: 'exec', argv: [process.execPath, '-e', text], deadlineMs: 5_000 })

function endpoint(name: string, localPort: number): Endpoint {
  return { name, scheme: 'tcp', localPort, label: name, audience: 'code', onForward: 'ignore' }
}

function at(...endpoints: Endpoint[]): ProbeContext {
  const secrets = {
    postgresPassword: 'p',
    convexInstanceName: 'n',
    convexInstanceSecret: '00',
    convexAdminKey: 'n|00',
    serviceKey: '{}',
    serviceJwks: 'data:,',
  }
  return { service: { id: 'web', endpoints }, secrets }
}

test('the header of a stand-in has the name that others know', async () => {
  expect(STAND_IN_HEADER).toBe('nebula-stand-in')
})

test('http: asks for a connection of its own, and names no stand-in where there is none', async () => {
  const headers: (string | undefined)[] = []
  const port = await httpServer((request, response) => {
    headers.push(request.headers.connection)
    response.end()
  })
  const result = await probe(http, at(endpoint('it', port)))
  expect(headers).toEqual(['close'])
  expect(Object.keys(result).sort()).toEqual(['ms', 'ok'])
})

test('http: an answer that breaks off is not ready', async () => {
  const answer = 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf'
  const port = await listen(createTcpServer((socket) => void socket.end(answer)))
  expect(await probe(http, at(endpoint('it', port)))).toMatchObject({ ok: false, detail: 'the connection was closed' })
})

test('asks at the endpoint that the check names', async () => {
  const port = await silentServer()
  const other = await freePort()
  expect(await probe(tcp, at(endpoint('other', other), endpoint('it', port)))).toMatchObject({ ok: true })
  expect(await probe(tcp, at(endpoint('it', other), endpoint('other', port)))).toMatchObject({ ok: false })
})

test('an endpoint that is not there is named', async () => {
  expect(await probe(tcp, at())).toMatchObject({ ok: false, detail: 'web has no endpoint "it"' })
})

test('exec: runs where it was told to, or where this process is', async () => {
  const folder = await realpath(await temporaryFolder())
  const where = script('console.error(process.cwd()); process.exit(1)')
  expect((await probe(where, { ...at(), cwd: folder })).detail?.endsWith(`exited with 1: ${folder}`)).toBe(true)
  expect((await probe(where, at())).detail?.endsWith(`exited with 1: ${process.cwd()}`)).toBe(true)
})

test('exec: shows the command, and the last thing that it said if it said any', async () => {
  const shown = (text: string) => `\`${process.execPath} -e ${text}\` exited with 2`
  const silent = 'process.exit(2)'
  expect((await probe(script(silent), at())).detail).toBe(shown(silent))
  const aloud = 'console.log("a\\nb"); console.error(" "); process.exit(2)'
  expect((await probe(script(aloud), at())).detail).toBe(`${shown(aloud)}: b`)
})

test('tcp: leaves no connection behind', async () => {
  const server = createTcpServer()
  const port = await listen(server)
  const connected = once(server, 'connection')
  await probe(tcp, at(endpoint('it', port)))
  const [socket] = await connected
  socket.resume()
  if (!socket.closed) await once(socket, 'close')
  expect(socket.destroyed).toBe(true)
})

/** A server of HTTP/2 that answers each call with these headers. */
async function http2Server(headers: OutgoingHttpHeaders): Promise<number> {
  const server = createHttp2Server()
  server.on('stream', (stream) => stream.respond(headers, { endStream: true }))
  return await listen(server)
}

test.each<[string, OutgoingHttpHeaders, string]>([
  ['without the health service', { 'grpc-status': 12 }, 'the server has no health service (grpc.health.v1)'],
  ['that has not started', { 'grpc-status': 14, 'grpc-message': 'not enough hosts' }, 'not enough hosts'],
  ['without a reason', { 'grpc-status': 13 }, 'the server answered with gRPC status 13'],
  ['of something else', { ':status': 404 }, 'what answers there does not speak gRPC'],
])('grpc: a server %s says so', async (_, headers, detail) => {
  expect(await probe(grpc, at(endpoint('it', await http2Server(headers))))).toMatchObject({ ok: false, detail })
})

test('grpc: a server of HTTP/1.1 is told from one that is not there', async () => {
  const port = await httpServer((_, response) => response.end())
  const detail = 'what answers there does not speak gRPC'
  expect(await probe(grpc, at(endpoint('it', port)))).toMatchObject({ ok: false, detail })
})

test('waiting tries often at first, then less and less', async () => {
  const times: number[] = []
  const port = await freePort()
  const result = await waitUntilReady(tcp, {
    ...at(endpoint('it', port)),
    deadlineMs: 700,
    onTry: () => times.push(performance.now()),
  })
  const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0))
  // A busy machine makes pauses longer, and so fewer; none is shorter, but the last one, which ends at the deadline.
  expect(pauses.length).toBeGreaterThan(0)
  expect(pauses.length).toBeLessThan(8)
  for (const [index, pause] of pauses.slice(0, -1).entries()) expect(pause).toBeGreaterThan(99 * 1.3 ** index)
  expect(result.outcome).toBe('timed-out')
  expect(result.ms).toBeGreaterThanOrEqual(700)
})

test('waiting that is aborted in a pause ends at once', async () => {
  const abort = new AbortController()
  let tries = 0
  const waiting = waitUntilReady(tcp, {
    ...at(endpoint('it', await freePort())),
    signal: abort.signal,
    onTry: () => {
      tries += 1
      setTimeout(() => abort.abort(new Error('enough')), 10)
    },
  })
  await expect(waiting).rejects.toThrow()
  expect(tries).toBe(1)
})
