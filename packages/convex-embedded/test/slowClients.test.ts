import { expect, onTestFinished, test } from 'vitest'
import { Admission } from '../src/http/admission.ts'
import { close, listen, makeHttpServer } from '../src/http/httpServer.ts'
import { head, sendRaw } from './harness/raw.ts'

const LIMITS = { headersTimeout: 100, bodyIdle: 100, connectionsCheckingInterval: 20 }
const UNFINISHED = 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n'

/** A server that answers with the time-out that the connection has once the body is there. */
async function start(limits: Partial<typeof LIMITS>): Promise<string> {
  const server = makeHttpServer(
    async (request, { incoming }) => new Response(`${(await request.text()).length} ${incoming.socket.timeout}`),
    { admission: new Admission(() => []), cors: false, limits },
  )
  onTestFinished(() => close(server, 0))
  return `http://127.0.0.1:${await listen(server, '127.0.0.1', 0, 'PORT')}`
}

test('who does not finish the headers is told so, and the connection ends', async () => {
  expect((await sendRaw(await start(LIMITS), UNFINISHED)).status).toBe(408)
})

test.each([UNFINISHED, `${UNFINISHED.replace('Content-Length: 9', 'Transfer-Encoding: chunked')}`])(
  'a body that stops coming ends the connection',
  async (unfinished) => {
    const answer = await sendRaw(await start(LIMITS), `${unfinished}\r\n4\r\nab`)
    expect(answer.text).toBe('')
  },
)

test('a whole body is waited for no longer, whatever is done with it', async () => {
  const answer = await sendRaw(await start({}), `${head('POST /', ['Host: localhost', 'Content-Length: 2'])}ab`)
  expect(answer.text).toMatch(/\r\n2 0$/)
})
