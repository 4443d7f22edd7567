import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { setCanonicalUrls } from '../../src/convex/canonicalUrls.ts'
import { httpServer } from '../servers.ts'

const URLS = { convexCloud: 'https://x-3210.app.github.dev', convexSite: 'https://x-3211.app.github.dev' }

test('the backend is told both, by whoever has its admin key', async () => {
  const requests: unknown[] = []
  const port = await httpServer(async (request, response) => {
    const { method, url, headers } = request
    requests.push({ method, url, key: headers.authorization, body: JSON.parse(await text(request)) })
    response.end('null')
  })
  await setCanonicalUrls(`http://127.0.0.1:${port}`, 'the-key', URLS)
  const request = { method: 'POST', url: '/api/v1/update_canonical_url', key: 'Convex the-key' }
  expect(requests).toEqual([
    { ...request, body: { requestDestination: 'convexCloud', url: URLS.convexCloud } },
    { ...request, body: { requestDestination: 'convexSite', url: URLS.convexSite } },
  ])
})

test('a refusal is an error that says what was refused, without the key', async () => {
  const port = await httpServer((_, response) => response.writeHead(403).end('BadAdminKey'))
  const refused = setCanonicalUrls(`http://127.0.0.1:${port}`, 'the-key', URLS)
  await expect(refused).rejects.toMatchObject({
    code: 'CONVEX_URL_REFUSED',
    message: expect.stringMatching(/3210.*403/),
  })
  await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining('the-key') })
})
