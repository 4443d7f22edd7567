import { afterAll, beforeAll } from 'vitest'
import { exchange, readAnswer, type Sent } from './exchange.ts'
import { fuzz } from './fuzz.ts'
import { isOwnOrigin, ONCE_BROKE, type Route, requests, showSent } from './requests.ts'
import { type Program, ServerProcess } from './serverProcess.ts'

export interface HttpTarget {
  readonly program: () => Program | Promise<Program>
  /** Which of its ports. */
  readonly port?: number
  readonly routes: readonly Route[]
  /** Before the first input. */
  readonly prepare?: (server: ServerProcess) => Promise<void>
  /** What must be in no answer. */
  readonly secrets: readonly string[]
  /** Whether a request is to be told them all the same. */
  readonly mayKnow?: (sent: Sent) => boolean
  /** What is answered with 200, all the time. */
  readonly good: string
  /** What once broke it. */
  readonly corpus?: readonly Sent[]
  /** Statuses from 500 on that are no fault of the server's. */
  readonly fine?: readonly number[]
}

/** Where the reason of a failure is said to be: for the log of the server, and for nobody who asks. */
const PLACE = /node:internal|\bat [^\n]{1,80}:\d+:\d+/

/** The fuzzer of a server that speaks HTTP: it lives, answers in time, blames whom it has to, and tells no secret. */
export function fuzzHttp(name: string, target: HttpTarget): void {
  let server: ServerProcess
  beforeAll(async () => {
    server = await ServerProcess.start(await target.program())
    await target.prepare?.(server)
  })
  afterAll(async () => await server?.stop())

  const portOf = () => server.ports[target.port ?? 0] ?? 0
  let tried = 0
  let every = 5
  const mustBeWell = async () => {
    const text = `GET ${target.good} HTTP/1.1\r\nHost: 127.0.0.1:${portOf()}\r\nConnection: close\r\n\r\n`
    const { status } = readAnswer(await exchange(portOf(), { text, ending: 'answer' }))
    if (status !== 200) throw new Error(`a good request is answered with ${status}`)
  }
  fuzz<Sent>(name, () => ({
    inputs: requests(target.routes, `127.0.0.1:${portOf()}`),
    corpus: [...ONCE_BROKE, ...(target.corpus ?? [])],
    show: showSent,
    attempt: async (sent) => {
      const answer = await exchange(portOf(), sent)
      mustBeHarmless(answer, sent, target)
      server.mustRun()
      if (tried++ % every !== 0) return
      // What follows a failure is to find the smallest input of its kind.
      await mustBeWell().catch((error: unknown) => {
        every = 1
        throw error
      })
    },
    warm: () => server.remember(),
    end: () => server.mustHoldNoMore(),
  }))
}

function mustBeHarmless(answer: string, sent: Sent, { secrets, mayKnow = () => false, fine = [] }: HttpTarget): void {
  const { status, headers, body } = readAnswer(answer)
  if (status >= 500 && !fine.includes(status)) throw new Error(`answered with ${status}: ${body.slice(0, 500)}`)
  if (sent.ending === 'answer' && status === 0 && answer !== '') throw new Error(`no answer: ${answer.slice(0, 200)}`)
  const place = PLACE.exec(body)?.[0]
  if (place !== undefined && status >= 400 && !sent.text.includes(place)) throw new Error(`it says where: ${place}`)
  const reader = /^access-control-allow-origin: *([^\r]+)/im.exec(headers ?? '')?.[1]
  if (reader !== undefined && reader !== '*' && !isOwnOrigin(reader)) throw new Error(`pages of ${reader} may read it`)
  const host = '"http://evil.example'
  if (body.includes(host) && !sent.text.includes(host.slice(1))) throw new Error('a path was taken for a host')
  if (mayKnow(sent)) return
  for (const secret of secrets) {
    if (spellings(secret).some((text) => answer.includes(text) && !sent.text.includes(text)))
      throw new Error(`a secret is in the answer: ${answer.slice(0, 300)}`)
  }
}

/** A secret as it may stand in an answer. */
function spellings(secret: string): readonly string[] {
  const bytes = Buffer.from(secret)
  const inBase64 = [0, 1, 2].map((before) => Buffer.concat([Buffer.alloc(before), bytes]).toString('base64'))
  const middles = inBase64.map((text) => text.slice(4, -4))
  return [secret, encodeURIComponent(secret), bytes.toString('hex'), ...middles]
}
