import { Registry } from 'prom-client'
import { afterEach, beforeEach, expect, test } from 'vitest'
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
  expect((await ask('//')).status).toBe(404)
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
