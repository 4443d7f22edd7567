import { createServer } from 'node:http'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { findTemporalCli } from '../../../src/embedded/programs/temporalCli.ts'
import { httpServer, listen } from '../../servers.ts'
import { emptyMachine, publishTemporal, serving, temporalScript } from './fakes.ts'

test('goes by way of the proxy that the environment names', async () => {
  const published = await publishTemporal()
  const origin = await httpServer(serving(published))
  const asked: string[] = []
  const proxy = createServer().on('connect', (request, client) => {
    asked.push(request.url ?? '')
    const upstream = connect(origin, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      upstream.pipe(client).pipe(upstream)
    })
    client.on('error', () => upstream.destroy())
    upstream.on('error', () => client.destroy())
  })
  proxy.on('request', (request, response) => {
    const { host, pathname } = new URL(request.url ?? '')
    asked.push(host)
    request.url = pathname
    serving(published)(request, response)
  })
  const { search, checkout } = await emptyMachine()
  const port = await listen(proxy)
  // Only the proxy knows this name.
  Object.assign(search.env, { NEBULA_DOWNLOAD_MIRROR: 'http://mirror.invalid', HTTP_PROXY: `http://127.0.0.1:${port}` })
  const found = await findTemporalCli(search, { release: published.release, checkout })
  expect(found.source).toBe('downloaded, checksum verified')
  expect(asked).toEqual([expect.stringMatching(/^mirror\.invalid(:80)?$/)])
})

test('follows redirects and reports how much of how much is here', async () => {
  const padding = `# ${Array.from({ length: 400_000 }, () => Math.random().toString(36)).join('')}`
  const large = await publishTemporal(`${temporalScript()}\n${padding}\n`)
  const port = await httpServer((request, response) => {
    if (request.url === '/asset') response.writeHead(200, { 'content-length': large.bytes.length }).end(large.bytes)
    else response.writeHead(302, { location: '/asset' }).end()
  })
  const { search, checkout, steps } = await emptyMachine()
  search.env.NEBULA_DOWNLOAD_MIRROR = `http://127.0.0.1:${port}`
  await findTemporalCli(search, { release: large.release, checkout })
  expect(steps.length).toBeGreaterThan(3)
  expect(steps.length).toBeLessThan(12)
  expect(steps.at(-1)).toMatch(/^downloading Temporal CLI 1\.9\.1: \d+ of \d+ MB$/)
})

test('says what the server answered', async () => {
  const published = await publishTemporal()
  const { search, checkout } = await emptyMachine()
  search.env.NEBULA_DOWNLOAD_MIRROR = `http://127.0.0.1:${await httpServer((_, response) => response.writeHead(503).end())}`
  await expect(findTemporalCli(search, { release: published.release, checkout })).rejects.toThrow(/answered 503/)
})

test.for(['ftp://mirror.example', 'nonsense', 'http://someone:hunter2@mirror.example'])(
  'a mirror that is no plain http URL is named, but not shown: %s',
  async (mirror) => {
    const { release } = await publishTemporal()
    const { search, checkout } = await emptyMachine()
    search.env.NEBULA_DOWNLOAD_MIRROR = mirror
    const error = await findTemporalCli(search, { release, checkout }).catch((reason: unknown) => String(reason))
    expect(error).toContain('NEBULA_DOWNLOAD_MIRROR is no http or https URL')
    expect(error).not.toContain('hunter2')
  },
)
