import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createLocalJWKSet, importJWK, type JSONWebKeySet, jwtVerify, SignJWT } from 'jose'
import { expect, test } from 'vitest'
import { verifyAdminKey } from '../../src/secrets/adminKey.ts'
import { SECRET_NAMES } from '../../src/secrets/secretNames.ts'
import { ensureSecrets, loadSecrets, type Secrets, stageSecrets } from '../../src/secrets/secrets.ts'
import { hasStagedSecrets } from '../../src/secrets/stagedSecrets.ts'
import { temporaryFolder } from '../temporaryFolder.ts'

const fileOf = (root: string) => path.join(root, '.nebula/secrets.json')

async function write(root: string, content: unknown): Promise<void> {
  await mkdir(path.join(root, '.nebula'), { recursive: true })
  await writeFile(fileOf(root), typeof content === 'string' ? content : JSON.stringify(content))
}

test('makes every secret once and keeps it', async () => {
  const root = await temporaryFolder()
  const made = await ensureSecrets(root)
  expect(Object.keys(made).sort()).toEqual([...SECRET_NAMES].sort())
  expect(await ensureSecrets(root)).toEqual(made)
  expect(await loadSecrets(root)).toEqual(made)
  expect((await ensureSecrets(await temporaryFolder())).postgresPassword).not.toBe(made.postgresPassword)
})

test('lets only its owner read them, and leaves nothing else behind', async () => {
  const root = await temporaryFolder()
  await ensureSecrets(root)
  expect((await stat(fileOf(root))).mode & 0o777).toBe(0o600)
  expect((await stat(path.join(root, '.nebula'))).mode & 0o777).toBe(0o700)
  expect(await readdir(path.join(root, '.nebula'))).toEqual(['secrets.json'])
})

test('makes an admin key of its instance and a key set that verifies what the service key signs', async () => {
  const secrets = await ensureSecrets(await temporaryFolder())
  const instance = { instanceName: secrets.convexInstanceName, instanceSecret: secrets.convexInstanceSecret }
  expect(verifyAdminKey(secrets.convexAdminKey, instance)).toBe(true)

  const jwk = JSON.parse(secrets.serviceKey)
  const token = await new SignJWT({ sub: 'worker' })
    .setProtectedHeader({ alg: 'ES256', kid: jwk.kid, typ: 'JWT' })
    .sign(await importJWK(jwk, 'ES256'))
  const jwks: JSONWebKeySet = JSON.parse(await (await fetch(secrets.serviceJwks)).text())
  expect(secrets.serviceJwks).toMatch(/^data:text\/plain;charset=utf-8;base64,/)
  expect(jwks.keys[0]).not.toHaveProperty('d')
  expect((await jwtVerify(token, createLocalJWKSet(jwks))).payload.sub).toBe('worker')
})

test('agrees on one set when several processes make them at once', async () => {
  const root = await temporaryFolder()
  const made = await Promise.all(Array.from({ length: 5 }, () => ensureSecrets(root)))
  expect(new Set(made.map((secrets) => secrets.convexInstanceSecret)).size).toBe(1)
})

test('takes what a running stack still knows before it makes new ones', async () => {
  const lost = await ensureSecrets(await temporaryFolder())
  const root = await temporaryFolder()
  const { serviceKey: _, ...known } = lost
  const recovered = await ensureSecrets(root, { recover: async () => ({ ...known, somethingElse: 'x' }) })
  expect(recovered).toMatchObject({
    postgresPassword: lost.postgresPassword,
    convexInstanceSecret: lost.convexInstanceSecret,
    convexAdminKey: lost.convexAdminKey,
  })
  expect(recovered.serviceJwks).not.toBe(lost.serviceJwks)
  expect(await loadSecrets(root)).toEqual(recovered)
})

test('does not ask the running stack when it has a file', async () => {
  const root = await temporaryFolder()
  const made = await ensureSecrets(root)
  const asked = await ensureSecrets(root, { recover: () => Promise.reject(new Error('asked')) })
  expect(asked).toEqual(made)
})

test('makes new ones when the running stack knows nothing', async () => {
  const secrets = await ensureSecrets(await temporaryFolder(), { recover: async () => null })
  expect(secrets.convexInstanceName).toBe('nebula')
})

test('completes a file of an older version and keeps what it does not know', async () => {
  const root = await temporaryFolder()
  const { serviceKey: _, serviceJwks: __, ...old } = await ensureSecrets(await temporaryFolder())
  await write(root, { ...old, fromTheFuture: 1 })
  await expect(loadSecrets(root)).rejects.toMatchObject({
    message: expect.stringMatching(/serviceKey: missing.*serviceJwks: missing/),
  })

  expect(await ensureSecrets(root)).toMatchObject(old)
  expect(JSON.parse(await readFile(fileOf(root), 'utf8'))).toMatchObject({
    ...old,
    fromTheFuture: 1,
    serviceKey: expect.any(String),
  })
})

test('says that there are none and how to get them', async () => {
  await expect(loadSecrets(await temporaryFolder())).rejects.toMatchObject({
    code: 'SECRETS_MISSING',
    hint: 'npm run up',
    exitCode: 3,
  })
})

test.each([
  ['half a file', '{"postgresPassword": "hunter22hunter', /not a JSON object/],
  ['nothing', '', /not a JSON object/],
  ['a list', '[]', /not a JSON object/],
  ['a short instance secret', { convexInstanceSecret: 'abc' }, /convexInstanceSecret: expected 64 hexadecimal digits/],
  ['a number', { postgresPassword: 5 }, /postgresPassword: expected a string/],
  ['a service key that is none', { serviceKey: '{}' }, /serviceKey: expected a private ES256/],
])('refuses %s, names the file and never overwrites it', async (_, content, message) => {
  const root = await temporaryFolder()
  await write(root, content)
  const before = await readFile(fileOf(root), 'utf8')
  const error = await ensureSecrets(root).catch((error: unknown) => error)
  expect(error).toMatchObject({
    code: 'SECRETS_MALFORMED',
    message: expect.stringMatching(message),
    hint: expect.stringContaining('.nebula/secrets.json'),
  })
  expect(String(error)).toContain('.nebula/secrets.json')
  expect(JSON.stringify(error)).not.toContain('hunter22')
  expect(await readFile(fileOf(root), 'utf8')).toBe(before)
})

test.each<[keyof Secrets, keyof Secrets]>([
  ['convexAdminKey', 'convexInstanceSecret'],
  ['serviceJwks', 'serviceKey'],
])('refuses a %s that does not belong to the %s', async (derived, source) => {
  const root = await temporaryFolder()
  const [mine, other] = [await ensureSecrets(await temporaryFolder()), await ensureSecrets(await temporaryFolder())]
  await write(root, { ...mine, [derived]: other[derived] })
  await expect(loadSecrets(root)).rejects.toMatchObject({
    message: expect.stringContaining(`${derived} does not belong to ${source}`),
  })
})

test('staged secrets change nothing until they are taken, all at once; only the name of the instance stays', async () => {
  const root = await temporaryFolder()
  const before = await ensureSecrets(root)
  await write(root, { ...before, ofAnotherVersion: 'x' })
  await stageSecrets(root)
  expect(await loadSecrets(root)).toEqual(before)
  expect(hasStagedSecrets(root)).toBe(true)
  expect((await stat(path.join(root, '.nebula/secrets.next.json'))).mode & 0o777).toBe(0o600)

  const after = await ensureSecrets(root)
  expect(after.convexInstanceName).toBe(before.convexInstanceName)
  for (const name of SECRET_NAMES.filter((each) => each !== 'convexInstanceName')) {
    expect(after[name], name).not.toBe(before[name])
  }
  expect(await loadSecrets(root)).toEqual(after)
  expect(JSON.parse(await readFile(fileOf(root), 'utf8'))).toMatchObject({ ofAnotherVersion: 'x' })
  expect(await readdir(path.join(root, '.nebula'))).toEqual(['secrets.json'])
  expect(await ensureSecrets(root)).toEqual(after)
})

test('staged twice, the last ones are taken; without secrets there is nothing to stage', async () => {
  const root = await temporaryFolder()
  await expect(stageSecrets(root)).rejects.toMatchObject({ code: 'SECRETS_MISSING' })
  expect(hasStagedSecrets(root)).toBe(false)
  await ensureSecrets(root)
  await stageSecrets(root)
  const first = await readFile(path.join(root, '.nebula/secrets.next.json'), 'utf8')
  await stageSecrets(root)
  const after = await ensureSecrets(root)
  expect(after.postgresPassword).not.toBe(JSON.parse(first).postgresPassword)
})

test('where the secrets in use are gone, staged ones count, and nothing is recovered', async () => {
  const root = await temporaryFolder()
  await ensureSecrets(root)
  await stageSecrets(root)
  const staged = JSON.parse(await readFile(path.join(root, '.nebula/secrets.next.json'), 'utf8'))
  await rm(fileOf(root))
  const recover = async () => expect.unreachable('they are here')
  expect(await ensureSecrets(root, { recover })).toEqual(staged)
})
