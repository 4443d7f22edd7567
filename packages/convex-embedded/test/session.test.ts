import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import type { WebSocket } from 'ws'
import { Functions } from '../src/functions.ts'
import { Session } from '../src/sync/session.ts'
import { Subscriptions } from '../src/sync/subscription.ts'
import { eventually } from './harness/clients.ts'

/** A session whose server fails at everything that it is asked for. */
function brokenSession() {
  const sent: string[] = []
  const errors: unknown[] = []
  let closed = false
  const socket = Object.assign(new EventEmitter(), {
    send: (text: string) => void sent.push(text),
    close: () => {
      closed = true
    },
  })
  const broken = () => {
    throw new Error('broken')
  }
  // Only what a session uses: the rest of either is never looked at.
  new Session(socket as unknown as WebSocket, {
    functions: Object.assign(Object.create(Functions.prototype), { call: async () => broken() }),
    subscriptions: new Subscriptions(),
    requestRound: broken,
    authenticate: async () => broken(),
    onError: (error) => void errors.push(error),
  })
  const receive = (message: object) => socket.emit('message', Buffer.from(JSON.stringify(message)))
  receive({ type: 'Connect', sessionId: 'one' })
  return { receive, sent, errors, isClosed: () => closed }
}

const CALL = { requestId: 0, udfPath: 'a:b', args: [{}] }
test.each([
  { type: 'ModifyQuerySet', baseVersion: 0, newVersion: 1, modifications: [] },
  { type: 'Mutation', ...CALL },
  { type: 'Action', ...CALL },
])('a throw in the handling of $type ends the session, and is not told', async (message) => {
  const { receive, sent, errors, isClosed } = brokenSession()
  receive(message)
  await eventually(isClosed, (is) => is)
  expect(sent).toEqual([JSON.stringify({ type: 'FatalError', error: 'The server could not handle a message' })])
  expect(String(errors)).toBe('Error: broken')
})
