import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import type { Duplex } from 'node:stream'
import type { Browser, Page } from 'playwright-core'
import { repository } from './checkout.ts'

/** A name of somebody else that leads to this machine, once its owner wants it to. */
export const STRANGE_NAME = 'evil.example'
/**
 * A browser that takes what a name server of the stranger's would answer, and that lets pages of the internet call this
 * machine. Chromium no longer does without asking; others do.
 */
export const TRUSTING = [
  `--host-resolver-rules=MAP ${STRANGE_NAME} 127.0.0.1`,
  '--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets',
]

const SCRIPT = readFileSync(path.join(repository, 'tests/fixture/foreignPage.js'), 'utf8')
const DOCUMENT = `<!doctype html><title>Stranger</title><body><script>${SCRIPT}</script>`
const ANSWERS: Readonly<Record<string, readonly [type: string, text: string]>> = {
  image: ['image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'],
  script: ['text/javascript', 'globalThis.ran = true'],
  style: ['text/css', 'body { color: red }'],
}

export interface Sending {
  readonly url: string
  readonly body: object
}

export interface Connecting {
  readonly url: string
  readonly messages: readonly object[]
}

/**
 * A web server that trusts everybody. It has the stranger's pages, and is what they succeed with: a way in that gets
 * nothing from it would prove nothing by getting nothing from the stack.
 */
export class Stranger {
  readonly port: number
  /** What reached it, as `POST text/plain`. */
  readonly received: string[] = []
  readonly #server: Server
  readonly #sockets = new Set<Duplex>()

  private constructor(server: Server) {
    this.#server = server
    this.port = (server.address() as AddressInfo).port
    server.on('request', (request, response) => this.#answer(request, response))
    server.on('upgrade', (request, socket) => this.#accept(request, socket))
  }

  static async start(): Promise<Stranger> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new Stranger(server)
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { 'content-type': type, 'sec-fetch-dest': destination = '', origin = '*', accept } = request.headers
    if (['POST', 'PUT'].includes(request.method ?? '')) this.received.push(`${request.method} ${type ?? ''}`.trim())
    response.setHeader('access-control-allow-origin', origin)
    response.setHeader('access-control-allow-credentials', 'true')
    response.setHeader('access-control-allow-headers', 'authorization, content-type')
    response.setHeader('access-control-allow-methods', 'POST, PUT')
    if (accept === 'text/event-stream') response.writeHead(200, { 'content-type': accept }).write('data: x\n\n')
    else {
      const [contentType, text] = ANSWERS[destination] ?? ['text/html', DOCUMENT]
      response.writeHead(200, { 'content-type': contentType }).end(text)
    }
  }

  #accept(request: IncomingMessage, socket: Duplex): void {
    this.#sockets.add(socket.on('error', () => socket.destroy()))
    const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
    const accept = createHash('sha1').update(key).digest('base64')
    const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade']
    socket.write(`${[...lines, `Sec-WebSocket-Accept: ${accept}`].join('\r\n')}\r\n\r\n`)
    // A text of one letter.
    socket.write(Buffer.from([0x81, 1, 0x78]))
  }
}

/** A page of the stranger's in a window of its own. */
export class StrangePage {
  readonly #page: Page

  private constructor(page: Page) {
    this.#page = page
  }

  /** @param origin also that of a server that has other pages: it is the stranger's name, which led elsewhere before. */
  static async open(browser: Browser, origin: string): Promise<StrangePage> {
    const context = await browser.newContext()
    const page = await context.newPage()
    const url = `${origin}/stranger.html`
    await page.route(url, (route) => route.fulfill({ contentType: 'text/html', body: DOCUMENT }))
    await page.goto(url)
    // As long as anything is routed, Playwright answers the browser's questions about other origins itself, and allows all.
    await page.unroute(url)
    return new StrangePage(page)
  }

  async close(): Promise<void> {
    await this.#page.context().close()
  }

  /** What it could read of these, as `image http://…`. */
  async read(urls: readonly string[]): Promise<readonly string[]> {
    return await this.#page.evaluate(`readAll(${JSON.stringify(urls)})`)
  }

  /** What it could read of these as its own: one way is as good as another. */
  async fetch(urls: readonly string[]): Promise<readonly string[]> {
    return await this.#page.evaluate(`readAll(${JSON.stringify(urls)}, ['fetch'])`)
  }

  /** Sends each in every way there is. */
  async send(requests: readonly Sending[]): Promise<void> {
    await this.#page.evaluate(`sendAll(${JSON.stringify(requests)})`)
  }

  /** Those that opened. */
  async connect(sockets: readonly Connecting[]): Promise<readonly string[]> {
    return await this.#page.evaluate(`connectAll(${JSON.stringify(sockets)})`)
  }

  /** Those that a frame of the page shows. */
  async frame(urls: readonly string[]): Promise<readonly string[]> {
    const statuses = new Map<string, number>()
    this.#page.on('response', (response) => statuses.set(response.url(), response.status()))
    await this.#page.evaluate(`frameAll(${JSON.stringify(urls)})`)
    // What a header forbids to be framed is an error page of the browser's.
    const shown = this.#page.frames().map((frame) => frame.url())
    return urls.filter((url) => shown.includes(url) && (statuses.get(url) ?? 0) < 400)
  }
}
