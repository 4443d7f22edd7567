import { generateKeyPair, SignJWT } from 'jose'
import { describe, expect, it, onTestFinished } from 'vitest'
import { eventually, httpClient, liveClient, watch } from './harness/clients.ts'
import { ADMIN_KEY, api } from './harness/fixture.ts'
import { RawSession } from './harness/rawSession.ts'
import { makeSigner } from './harness/signer.ts'
import { useServer } from './harness/useServer.ts'

const server = useServer()

describe('a token', () => {
  it('makes the caller who it says', async () => {
    const client = httpClient(server)
    client.setAuth(await server.signer.sign({ email: 'a@b.c', role: 'service' }))
    expect(await client.query(api.messages.whoami, {})).toEqual({
      tokenIdentifier: 'https://fixture.invalid/service|worker',
      issuer: 'https://fixture.invalid/service',
      subject: 'worker',
      email: 'a@b.c',
      role: 'service',
    })
    const id = await client.mutation(api.messages.send, { channel: 'auth', body: 'signed' })
    expect(await client.query(api.messages.get, { id })).toMatchObject({ author: 'worker' })
  })

  it.each([
    ['that has expired', async () => await server.signer.sign({}, Math.floor(Date.now() / 1000) - 10)],
    ['for another audience', async () => await server.signer.sign({ aud: 'somebody-else' })],
    ['of another issuer', async () => await server.signer.sign({ iss: 'https://elsewhere.invalid' })],
    ['signed with another key', async () => await (await makeSigner()).sign()],
    ['without a subject', async () => await server.signer.sign({ sub: undefined })],
    ['without a key id', async () => await withHeader({ alg: 'ES256', typ: 'JWT' })],
    ['without a signature', async () => `${(await server.signer.sign()).split('.').slice(0, 2).join('.')}.`],
    ['that is none', async () => 'nonsense'],
  ])('%s is refused', async (_name, make) => {
    const client = httpClient(server)
    client.setAuth(await make())
    await expect(client.query(api.messages.greet, {})).rejects.toThrow('Unauthenticated')
  })

  it('is checked against the algorithm of its provider', async () => {
    const secret = new TextEncoder().encode(server.signer.jwks)
    const forged = await new SignJWT({ iss: 'https://fixture.invalid/service', aud: 'fixture', sub: 'worker' })
      .setProtectedHeader({ alg: 'HS256', kid: 'one', typ: 'JWT' })
      .setExpirationTime('5m')
      .sign(secret)
    const client = httpClient(server)
    client.setAuth(forged)
    await expect(client.query(api.messages.greet, {})).rejects.toThrow('Unauthenticated')
  })
})

describe('a live client', () => {
  it('is known after setAuth, and its queries run again for it', async () => {
    const client = liveClient(server)
    const seen = watch<{ subject: string } | null>(client, api.messages.whoami, {})
    await eventually(
      () => seen.results,
      (results) => results.includes(null),
    )
    const changes: boolean[] = []
    client.setAuth(
      async () => await server.signer.sign(),
      (isAuthenticated) => changes.push(isAuthenticated),
    )
    expect(await seen.until((identity) => identity !== null)).toMatchObject({ subject: 'worker' })
    expect(changes.at(-1)).toBe(true)
  })

  it('with a token that is refused is told so, and goes on as nobody', async () => {
    const client = liveClient(server)
    const foreign = await makeSigner()
    const changes: boolean[] = []
    client.setAuth(
      async () => await foreign.sign(),
      (isAuthenticated) => changes.push(isAuthenticated),
    )
    await eventually(
      () => changes.at(-1),
      (last) => last === false,
    )
    expect(await client.query(api.messages.whoami, {})).toBeNull()
  })

  it('loses its identity when the token expires', async () => {
    const session = await RawSession.open(server)
    const value = await server.signer.sign({}, Math.floor(Date.now() / 1000) + 2)
    session.send({ type: 'Authenticate', baseVersion: 0, tokenType: 'User', value })
    const accepted = await session.next((message) => message.type === 'Transition')
    expect(accepted.endVersion.identity).toBe(1)
    expect(await session.next((message) => message.type === 'AuthError')).toMatchObject({ authUpdateAttempted: false })
    await session.closed
  })

  it('that was refused runs nothing of what it sent afterwards', async () => {
    const session = await RawSession.open(server)
    session.send({ type: 'Authenticate', baseVersion: 0, tokenType: 'Admin', value: 'fixture|01' })
    session.send({ type: 'Mutation', requestId: 0, udfPath: 'messages:increment', args: [{ name: 'refused' }] })
    expect(await session.next((message) => message.type === 'AuthError')).toMatchObject({ authUpdateAttempted: true })
    await session.closed
    expect(await httpClient(server).query(api.messages.count, { name: 'refused' })).toBe(0)
  })
})

it('the admin key opens internal functions over the socket, and can act as a user', async () => {
  const session = await RawSession.open(server)
  onTestFinished(() => session.close())
  const impersonating = { tokenIdentifier: 'x|ann', issuer: 'x', subject: 'ann' }
  session.send({ type: 'Authenticate', baseVersion: 0, tokenType: 'Admin', value: ADMIN_KEY, impersonating })
  session.modify(0, [
    { type: 'Add', queryId: 1, udfPath: 'messages:secret', args: [{}] },
    { type: 'Add', queryId: 2, udfPath: 'messages:whoami', args: [{}] },
  ])
  const transition = await session.next((message) => message.modifications.length === 2)
  expect(transition.modifications).toMatchObject([{ value: 'internal' }, { value: { subject: 'ann' } }])
})

async function withHeader(header: { alg: string; typ: string }): Promise<string> {
  const { privateKey } = await generateKeyPair('ES256')
  return await new SignJWT({ iss: 'https://fixture.invalid/service', aud: 'fixture', sub: 'worker' })
    .setProtectedHeader(header)
    .setExpirationTime('5m')
    .sign(privateKey)
}
