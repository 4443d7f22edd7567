import fc from 'fast-check'
import { afterAll, beforeAll } from 'vitest'
import { UPGRADE } from '../../packages/stack/test/rawRequest.ts'
import { exchange } from './lib/exchange.ts'
import { encodeFrame, type FrameHead } from './lib/frames.ts'
import { fuzz } from './lib/fuzz.ts'
import { hostileJson, mutated } from './lib/json.ts'
import { ServerProcess } from './lib/serverProcess.ts'
import { standInTarget } from './lib/standInTarget.ts'

const CONNECT = { type: 'Connect', sessionId: 'fuzz', connectionCount: 0, lastCloseReason: null, clientTs: 1 }
const LAST = 1_999_999
/** Whatever came before it: it is answered, or the session has ended. */
const MARKER = { type: 'Action', requestId: LAST, udfPath: 'messages:nothing', args: [{}] }
const ANSWERED = new RegExp(`"requestId":${LAST}\\b`)

const add = (queryId: number, udfPath: string, args: object) => ({ type: 'Add', queryId, udfPath, args: [args] })
const querySet = (baseVersion: number, ...modifications: object[]) => ({
  type: 'ModifyQuerySet',
  baseVersion,
  newVersion: baseVersion + 1,
  modifications,
})
const MESSAGES: readonly object[] = [
  CONNECT,
  querySet(0, add(0, 'messages:list', { channel: 'a' }), add(1, 'messages:greet', {})),
  querySet(1, { type: 'Remove', queryId: 0 }, add(2, 'messages:count', { name: 'a' })),
  querySet(0, {
    ...add(0, 'messages:page', { channel: 'a', paginationOpts: { numItems: 2, cursor: null } }),
    journal: null,
  }),
  { type: 'Mutation', requestId: 0, udfPath: 'messages:send', args: [{ channel: 'a', body: 'b' }] },
  { type: 'Mutation', requestId: 1, udfPath: 'messages:increment', args: [{ name: 'a' }], componentPath: '' },
  { type: 'Action', requestId: 2, udfPath: 'work:echo', args: [{ value: { $integer: 'AAAAAAAAAAA=' } }] },
  { type: 'Authenticate', baseVersion: 0, tokenType: 'None' },
  { type: 'Authenticate', baseVersion: 0, tokenType: 'User', value: 'a.b.c' },
  { type: 'Authenticate', baseVersion: 0, tokenType: 'Admin', value: 'fixture|00', impersonating: { issuer: 'a' } },
  { type: 'Event', eventType: 'ClientConnect', event: {} },
]
interface Frame extends FrameHead {
  /** One character a byte. */
  readonly payload: string
}
const bytesOf = (text: string) => Buffer.from(text).toString('latin1')
const textFrame = (text: string): Frame => ({ payload: bytesOf(text), opcode: 1 })
const jsonFrame = (value: object) => textFrame(JSON.stringify(value))

/** A frame that is none, or one that comes where it may not. */
const oddFrame = fc
  .record({
    payload: fc.oneof(
      hostileJson.map(bytesOf),
      fc.constantFrom('', '\x03', '\x03\xe8\xff', '\x00\x00', '\xff\xfe', '\xed\xa0\x80'),
    ),
    opcode: fc.nat(15),
    isLast: fc.boolean(),
    reserved: fc.constantFrom(0, 0, 0, 1, 2, 4, 7),
    isMasked: fc.constantFrom(true, true, true, false),
    length: fc.option(fc.constantFrom(0, 1, 125, 126, 127, 65_535, 65_536, 2 ** 25 + 1, 2 ** 31, 2 ** 53 - 1), {
      nil: undefined,
      freq: 4,
    }),
  })
  .map(({ length, ...frame }): Frame => (length === undefined ? frame : { ...frame, length }))
const message = fc
  .constantFrom(...MESSAGES)
  .chain(mutated)
  .map(textFrame)
const anyFrame = fc.oneof(
  { weight: 8, arbitrary: message },
  { weight: 1, arbitrary: hostileJson.map(textFrame) },
  { weight: 2, arbitrary: oddFrame },
)
const sessions = fc
  .tuple(fc.boolean(), fc.array(anyFrame, { minLength: 1, maxLength: 6 }))
  .map(([begins, frames]) => (begins ? [jsonFrame(CONNECT), ...frames] : frames))

const deep = `[${'['.repeat(5_000)}${']'.repeat(5_000)}]`
const CORPUS = ['Mutation', 'Action'].map((type) => [
  jsonFrame(CONNECT),
  textFrame(`{"type":"${type}","requestId":0,"udfPath":"messages:greet","args":${deep}}`),
])

const target = standInTarget()
let server: ServerProcess
beforeAll(async () => {
  server = await ServerProcess.start(target.program())
  await target.prepare(server)
})
afterAll(async () => await server?.stop())

/** A handshake, some frames, and the message that is answered in any case. @returns what came back. */
async function talk(frames: readonly Frame[]): Promise<string> {
  const [port = 0] = server.ports
  const handshake = ['GET /api/1.45.0/sync HTTP/1.1', `Host: 127.0.0.1:${port}`, ...UPGRADE].join('\r\n')
  const bytes = [...frames, jsonFrame(MARKER)].map(({ payload, ...head }) => encodeFrame(payload, head))
  // What says that it is longer than it is takes the rest for its own: then nothing is due.
  const ending = frames.some(({ length }) => length !== undefined) ? 'end' : 'answer'
  const text = `${handshake}\r\n\r\n${bytes.join('')}`
  return await exchange(port, { text, ending }, (answer) => ANSWERED.test(answer) || endsInClose(answer))
}

/** Whether the last frame is a close. A client has to answer it, and these do not: what follows is a matter of patience. */
function endsInClose(answer: string): boolean {
  const start = answer.lastIndexOf('\x88')
  return start >= 0 && answer.charCodeAt(start + 1) === answer.length - start - 2
}

fuzz<readonly Frame[]>('convex-sync', () => ({
  inputs: sessions,
  corpus: CORPUS,
  attempt: async (frames) => {
    const answer = await talk(frames)
    if (!answer.startsWith('HTTP/1.1 101')) throw new Error(`no session: ${answer.slice(0, 200)}`)
    for (const secret of target.secrets) {
      if (answer.includes(secret)) throw new Error(`a secret is in the answer: ${answer.slice(0, 300)}`)
    }
    if (/node:internal|"InternalServerError"/.test(answer)) throw new Error(`it says where: ${answer}`)
    server.mustRun()
    const good = await talk([jsonFrame(CONNECT)])
    if (!ANSWERED.test(good)) throw new Error(`a good session is not answered: ${good}`)
  },
  warm: () => server.remember(),
  end: () => server.mustHoldNoMore(),
}))
