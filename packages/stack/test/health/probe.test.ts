import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createTcpServer, type Socket } from 'node:net'
import { Server as GrpcServer, ServerCredentials, status } from '@grpc/grpc-js'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Endpoint, Ready } from '../../src/catalogue/schema.ts'
import { type ProbeContext, probe } from '../../src/health/probe.ts'
import { waitUntilReady } from '../../src/health/waitUntilReady.ts'
import { freePort, httpServer, listen, silentServer } from '../servers.ts'

const secrets = {
  postgresPassword: 'pass-word',
  convexInstanceName: 'nebula',
  convexInstanceSecret: '00',
  convexAdminKey: 'nebula|00',
  serviceKey: '{}',
  serviceJwks: 'data:,',
}
const http: Ready = { kind: 'http', endpoint: 'it', path: '/health', status: 200, deadlineMs: 5_000 }
const tcp: Ready = { kind: 'tcp', endpoint: 'it', deadlineMs: 5_000 }
const grpc: Ready = { kind: 'grpc', endpoint: 'it', service: 'some.Service', deadlineMs: 5_000 }
const sql: Ready = {
  kind: 'postgres',
  endpoint: 'it',
  user: 'me',
  database: 'mine',
  passwordSecret: 'postgresPassword',
  deadlineMs: 5_000,
}
const exec = (...argv: string[]): Ready => ({ kind: 'exec', argv, deadlineMs: 5_000 })

function at(localPort: number): ProbeContext {
  const endpoint: Endpoint = {
    name: 'it',
    scheme: 'tcp',
    localPort,
    label: 'It',
    audience: 'code',
    onForward: 'ignore',
  }
  return { service: { id: 'it', endpoints: [endpoint] }, secrets }
}

test('http: the expected status is ready, any other is not, and says which', async () => {
  const port = await httpServer((request, response) =>
    response.writeHead(request.url === '/health' ? 200 : 404).end('ok'),
  )
  expect(await probe(http, at(port))).toEqual({ ok: true, ms: expect.any(Number) })
  const other = await probe({ ...http, path: '/other' }, at(port))
  expect(other).toMatchObject({ ok: false, detail: 'GET /other answered 404, expected 200' })
})

test('http: a stand-in is named, ready or not', async () => {
  const port = await httpServer((request, response) => {
    response.writeHead(request.url === '/health' ? 200 : 503, { 'Nebula-Stand-In': 'convex-embedded 0.1.0' }).end()
  })
  expect(await probe(http, at(port))).toMatchObject({ ok: true, standIn: 'convex-embedded 0.1.0' })
  expect(await probe({ ...http, path: '/' }, at(port))).toMatchObject({ ok: false, standIn: 'convex-embedded 0.1.0' })
})

test('http: every try has a connection of its own', async () => {
  const server = createServer((_, response) => response.end())
  const connections: Socket[] = []
  server.on('connection', (socket) => connections.push(socket))
  const port = await listen(server)
  await probe(http, at(port))
  await probe(http, at(port))
  expect(connections).toHaveLength(2)
})

test.each<[string, Ready]>([
  ['http', http],
  ['tcp', tcp],
  ['grpc', grpc],
  ['postgres', sql],
])('%s: nobody there is a result, not an error', async (_, check) => {
  expect(await probe(check, at(await freePort()))).toMatchObject({ ok: false, detail: 'nothing listens there' })
})

// What a port forward does while nothing is behind it.
test.each<[string, Ready]>([
  ['http', http],
  ['grpc', grpc],
  ['postgres', sql],
])('%s: a server that closes the connection is not ready, and is asked once', async (_, check) => {
  let connections = 0
  const server = createTcpServer((socket) => {
    connections += 1
    socket.once('data', () => socket.destroy())
  })
  const result = await probe(check, at(await listen(server)))
  expect(result).toMatchObject({ ok: false, detail: 'the connection was closed' })
  expect(connections).toBe(1)
})

test('what stays silent is not ready, and a try ends by itself after two seconds', async () => {
  const port = await silentServer()
  const command = exec(process.execPath, '-e', 'setInterval(() => {}, 1000)')
  const results = await Promise.all([http, grpc, sql, command].map((check) => probe(check, at(port))))
  const given = { ok: false, detail: 'no answer within 2000 ms', ms: expect.any(Number) }
  expect(results).toEqual([given, given, given, given])
  for (const { ms } of results) expect(ms).toBeGreaterThanOrEqual(1_990)
})

test.each<[string, Ready]>([
  ['http', http],
  ['grpc', grpc],
  ['postgres', sql],
])('%s: stops when it is aborted, and leaves no connection behind', async (_, check) => {
  const abort = new AbortController()
  const closed = Promise.withResolvers<void>()
  const server = createTcpServer((socket) => {
    // A connection that is ended at once may be reset.
    socket.on('error', () => {}).on('close', closed.resolve)
    socket.on('data', () => abort.abort(new Error('enough')))
  })
  const context = { ...at(await listen(server)), signal: abort.signal }
  await expect(probe(check, context)).rejects.toThrow('enough')
  await closed.promise
})

test('tcp: a connection is ready', async () => {
  expect(await probe(tcp, at(await silentServer()))).toMatchObject({ ok: true })
})

test('exec: exit code 0 is ready; otherwise says how it ended, without a shell in between', async () => {
  const context = at(1)
  expect(await probe(exec(process.execPath, '-e', ''), context)).toMatchObject({ ok: true })
  const script = 'console.error("no disk; $HOME"); process.exit(3)'
  expect(await probe(exec(process.execPath, '-e', script), context)).toMatchObject({
    ok: false,
    detail: expect.stringMatching(/exited with 3: no disk; \$HOME$/),
  })
  expect(await probe(exec('no-such-program'), context)).toMatchObject({
    ok: false,
    detail: expect.stringContaining('not installed'),
  })
})

/** A server with the standard health service, as in grpc/health/v1/health.proto. */
async function grpcServer(answers: Record<string, Buffer>): Promise<number> {
  const server = new GrpcServer()
  server.addService(
    {
      check: {
        path: '/grpc.health.v1.Health/Check',
        requestStream: false,
        responseStream: false,
        requestSerialize: (value: Buffer) => value,
        requestDeserialize: (value: Buffer) => value,
        responseSerialize: (value: Buffer) => value,
        responseDeserialize: (value: Buffer) => value,
      },
    },
    {
      check: (call: { request: Buffer }, reply: (error: { code: status } | null, answer?: Buffer) => void) => {
        // Field 1, a string: its tag, its length, its letters.
        const answer = answers[call.request.subarray(2).toString()]
        if (call.request[0] !== 0x0a || call.request[1] !== call.request.length - 2)
          reply({ code: status.INVALID_ARGUMENT })
        else if (answer) reply(null, answer)
        else reply({ code: status.NOT_FOUND })
      },
    },
  )
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  )
  onTestFinished(() => server.forceShutdown())
  return port
}

test('grpc: serving is ready, everything else is not, and says what it is', async () => {
  const port = await grpcServer({
    'some.Service': Buffer.from([8, 1]),
    starting: Buffer.from([8, 2]),
    empty: Buffer.alloc(0),
    withMore: Buffer.from([0x12, 2, 65, 66, 8, 1]),
    broken: Buffer.from([8]),
  })
  const ask = (service: string) => probe({ ...grpc, service }, at(port))
  expect(await ask('some.Service')).toMatchObject({ ok: true })
  expect(await ask('withMore')).toMatchObject({ ok: true })
  expect(await ask('starting')).toMatchObject({ ok: false, detail: 'starting is NOT_SERVING' })
  expect(await ask('empty')).toMatchObject({ ok: false, detail: 'empty is UNKNOWN' })
  expect(await ask('broken')).toMatchObject({ ok: false })
  expect(await ask('other')).toMatchObject({ ok: false, detail: 'the server does not know the service other' })
})

test('grpc: a server that starts after a refused try is seen at once', async () => {
  const port = await freePort()
  expect(await probe(grpc, at(port))).toMatchObject({ ok: false })
  const server = createTcpServer((socket) => socket.destroy())
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const connected = once(server, 'connection')
  await probe(grpc, at(port))
  await connected
})

/**
 * Speaks as much of PostgreSQL's protocol (version 3) as a log-in with a password and one query need.
 * @param onEnd called when the client says that it goes.
 */
async function postgresServer(password: string, onEnd?: () => void): Promise<number> {
  const message = (type: string, ...parts: (Buffer | string | number[])[]) => {
    const body = Buffer.concat(parts.map((part) => Buffer.from(part as string))) // Buffer.from takes each of them
    const length = Buffer.alloc(4)
    length.writeInt32BE(body.length + 4)
    return Buffer.concat([Buffer.from(type), length, body])
  }
  const ready = message('Z', 'I')
  const refused = message('E', 'SFATAL\0', 'C28P01\0', `Mpassword authentication failed for user "me"\0`, '\0')
  const row = message('D', [0, 1, 0, 0, 0, 1], '1')
  const columns = message('T', [0, 1], '?column?\0', [0, 0, 0, 0, 0, 0, 0, 0, 0, 23, 0, 4, 255, 255, 255, 255, 0, 0])
  const answers: Record<string, Buffer[]> = {
    P: [message('N', 'SNOTICE\0', 'Mhello\0', '\0'), message('1')],
    D: [message('t', [0, 0]), columns],
    B: [message('2')],
    E: [row, message('C', 'SELECT 1\0')],
    S: [ready],
    Q: [columns, row, message('C', 'SELECT 1\0'), ready],
  }
  return await listen(
    createTcpServer((socket) => {
      socket.on('data', (chunk: Buffer) => {
        for (let offset = 0; offset + 5 <= chunk.length; offset += chunk.readInt32BE(offset + 1) + 1) {
          const type = String.fromCharCode(chunk[offset] ?? 0)
          // The first message has no type: its length begins with 0.
          if (type === '\0') return void socket.write(message('R', [0, 0, 0, 3]))
          const text = chunk.subarray(offset + 5, offset + 1 + chunk.readInt32BE(offset + 1)).toString()
          if (type === 'X') onEnd?.()
          if (type === 'p')
            socket.write(text === `${password}\0` ? Buffer.concat([message('R', [0, 0, 0, 0]), ready]) : refused)
          // Nothing else is asked, neither what types there are.
          if (type === 'P' && text.split('\0')[1] !== 'select 1') return void socket.destroy()
          for (const answer of answers[type] ?? []) socket.write(answer)
        }
      })
    }),
  )
}

test('postgres: logs in with the secret, asks a question and leaves, and prints nothing of what else it hears', async () => {
  const print = vi.spyOn(console, 'log').mockReturnValue()
  onTestFinished(() => print.mockRestore())
  const ended = Promise.withResolvers<void>()
  expect(await probe(sql, at(await postgresServer('pass-word', ended.resolve)))).toMatchObject({ ok: true })
  await ended.promise
  expect(print).not.toHaveBeenCalled()
})

test('postgres: a wrong password is not ready, says so, and is not shown', async () => {
  const result = await probe(sql, at(await postgresServer('another')))
  expect(result).toMatchObject({ ok: false, detail: expect.stringContaining('password authentication failed') })
  expect(result.detail).not.toContain('pass-word')
})

test('waits until the service is ready, and says after how long', async () => {
  let tries = 0
  const port = await httpServer((_, response) => {
    tries += 1
    response.writeHead(tries < 3 ? 503 : 200).end()
  })
  const seen: boolean[] = []
  const result = await waitUntilReady(http, { ...at(port), onTry: ({ ok }) => seen.push(ok) })
  expect(result).toMatchObject({ outcome: 'ready', last: { ok: true } })
  expect(seen).toEqual([false, false, true])
})

test('gives up at the deadline, with what the last try found', async () => {
  const result = await waitUntilReady(http, { ...at(await freePort()), deadlineMs: 150 })
  expect(result).toMatchObject({ outcome: 'timed-out', last: { ok: false, detail: 'nothing listens there' } })
})

test('does not wait for a service that has failed', async () => {
  const result = await waitUntilReady(http, { ...at(await freePort()), deadlineMs: 60_000, hasFailed: () => true })
  expect(result.outcome).toBe('failed')
})

test('stops waiting when it is aborted', async () => {
  const abort = new AbortController()
  const waiting = waitUntilReady(http, {
    ...at(await freePort()),
    signal: abort.signal,
    onTry: () => abort.abort(new Error('enough')),
  })
  await expect(waiting).rejects.toThrow()
})

test('a try reports how long it took', async () => {
  const { ms } = await probe(tcp, at(await silentServer()))
  expect(Number.isInteger(ms)).toBe(true)
})
