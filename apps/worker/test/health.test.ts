import { Gauge, Registry } from 'prom-client'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { HOSTILE, rawRequest, requestText, statusOf, UPGRADE } from '../../../packages/stack/test/rawRequest.ts'
import { type HealthServer, serveHealth } from '../src/health.ts'
import { createMetrics } from '../src/metrics.ts'

let health: HealthServer
beforeEach(async () => {
  health = await serveHealth({ host: '127.0.0.1', port: 0, metrics: createMetrics().registry })
})
afterEach(async () => await health.close())

const ask = async (path: string, method = 'GET') =>
  await fetch(`http://127.0.0.1:${health.port}${path}`, { method, headers: { connection: 'close' } })

test('a worker that does not poll yet is starting', async () => {
  const response = await ask('/health')
  expect(response.status).toBe(503)
  expect(await response.json()).toEqual({ status: 'starting' })
})

test('a worker that polls is healthy', async () => {
  health.setStatus('ok')
  const response = await ask('/health')
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('application/json')
  expect(response.headers.get('access-control-allow-origin')).toBe('*')
  expect(await response.text()).toBe('{"status":"ok"}')
})

test('a worker that drains is stopping, and alive', async () => {
  health.setStatus('ok')
  health.setStatus('stopping')
  const response = await ask('/health')
  expect(response.status).toBe(503)
  expect(await response.json()).toEqual({ status: 'stopping' })
  expect((await ask('/readyz')).status).toBe(503)
  expect((await ask('/livez')).status).toBe(200)
})

test('it counts for Prometheus', async () => {
  const response = await ask('/metrics')
  expect(response.status).toBe(200)
  expect(await response.text()).toMatch(/^nebula_runs_started_total 0$/m)
})

test('a query does not hide the path, and there is nothing else', async () => {
  expect((await ask('/livez?x=1')).status).toBe(200)
  expect((await ask('/')).status).toBe(404)
  expect((await ask('/%2f')).status).toBe(404)
  expect((await ask('/health/')).status).toBe(404)
})

test('it can be asked for the head, and be told nothing', async () => {
  const head = await ask('/livez', 'HEAD')
  expect(head.status).toBe(200)
  expect(await head.text()).toBe('')
  const post = await ask('/health', 'POST')
  expect(post.status).toBe(405)
  expect(post.headers.get('allow')).toBe('GET, HEAD')
})

test('a taken port is said', async () => {
  const second = serveHealth({ host: '127.0.0.1', port: health.port, metrics: new Registry() })
  await expect(second).rejects.toThrow(`${health.port}`)
})

test.each(HOSTILE)(
  'the target %j with the host %j is the error of who asks, as an upgrade too',
  async (target, host) => {
    health.setStatus('ok')
    const url = target === '/' ? '/health' : target
    for (const more of [['Connection: close'], [...UPGRADE, 'Connection: close']]) {
      const status = statusOf(await rawRequest(health.port, requestText(url, host, more)))
      expect(status).toBe(400)
    }
    expect((await ask('/livez')).status).toBe(200)
  },
)

test('it is asked by the address of its pod, and by the name of a service', async () => {
  for (const host of [
    '10.42.0.9:8080',
    '[fd00::9]:8080',
    'nebula-worker.nebula.svc.cluster.local',
    'nebula-worker:8080',
  ]) {
    expect(statusOf(await rawRequest(health.port, requestText('/livez', host, ['Connection: close']))), host).toBe(200)
  }
})

test('metrics that cannot be collected are said, without the reason, and it lives on', async () => {
  const registry = new Registry()
  new Gauge({
    name: 'broken',
    help: 'broken',
    registers: [registry],
    collect() {
      throw new Error('the reason, with /a/path in it')
    },
  })
  const broken = await serveHealth({ host: '127.0.0.1', port: 0, metrics: registry })
  try {
    const url = `http://127.0.0.1:${broken.port}`
    const response = await fetch(`${url}/metrics`)
    expect(response.status).toBe(500)
    expect(await response.text()).toBe('{"error":"the metrics cannot be collected"}')
    expect((await fetch(`${url}/livez`)).status).toBe(200)
  } finally {
    await broken.close()
  }
})
