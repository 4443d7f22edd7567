import { expect, test } from 'vitest'
import { NebulaError } from '../../src/errors/nebulaError.ts'
import { deriveAdminKey, verifyAdminKey } from '../../src/secrets/adminKey.ts'

/*
 * Made with another implementation, Python's `cryptography` 48 (OpenSSL's AES-GCM-SIV):
 *
 *   key = hmac.new(bytes.fromhex(secret), b'\0\0\0\1admin key', hashlib.sha256).digest()[:16]
 *   plain = b'\x10' + varint(issued) + b'\x18\0'
 *   name + '|' + (b'\1' + nonce + AESGCMSIV(key).encrypt(nonce, plain, b'\1')).hex()
 */
const vectors = [
  {
    instanceName: 'nebula',
    instanceSecret: '4361726e697461732c206c69746572616c6c79206d65616e696e6720226c6974',
    issuedSeconds: 1_700_000_000,
    nonce: '000102030405060708090a0b',
    key: 'nebula|01000102030405060708090a0b1e5c06d46516f3f5fa3e99f5af81a957a2adc6f04983839e',
  },
  {
    instanceName: 'convex-self-hosted',
    instanceSecret: '00'.repeat(32),
    issuedSeconds: 1,
    nonce: '00'.repeat(12),
    key: 'convex-self-hosted|0100000000000000000000000004de08eaf4bd10edc95527cf8ef2f2b8ea8a8221',
  },
  {
    instanceName: 'nebula',
    instanceSecret: 'ff'.repeat(32),
    issuedSeconds: 2 ** 32,
    nonce: 'f0e0d0c0b0a0908070605040',
    key: 'nebula|01f0e0d0c0b0a0908070605040e04cdf3c96ee3911357e1086deea5f3b9cc0901c16608129',
  },
  {
    instanceName: 'a',
    instanceSecret: '0123456789abcdef'.repeat(4),
    issuedSeconds: 127,
    nonce: '0c0b0a090807060504030201',
    key: 'a|010c0b0a090807060504030201b597b271144cc8c5fd0cc57e649c3c0792a04aa6',
  },
  {
    instanceName: 'a',
    instanceSecret: '0123456789abcdef'.repeat(4),
    issuedSeconds: 128,
    nonce: '0c0b0a090807060504030201',
    key: 'a|010c0b0a0908070605040302019704fd81202972b396f66674df666b9f542fd3ea35',
  },
]
const instance = { instanceName: 'nebula', instanceSecret: '5a'.repeat(32) }

test.each(vectors)(
  'derives the same key as another implementation ($instanceName, $issuedSeconds)',
  ({ key, nonce, ...rest }) => {
    expect(deriveAdminKey({ ...rest, nonce: Buffer.from(nonce, 'hex') })).toBe(key)
    expect(verifyAdminKey(key, rest)).toBe(true)
  },
)

test('accepts its own key and makes another one each time', () => {
  const keys = [deriveAdminKey(instance), deriveAdminKey(instance)]
  expect(keys.map((key) => verifyAdminKey(key, instance))).toEqual([true, true])
  expect(keys[0]).not.toBe(keys[1])
})

test('refuses a key in which any one byte was changed', () => {
  const [name, hex = ''] = deriveAdminKey(instance).split('|')
  for (let index = 0; index < hex.length / 2; index += 1) {
    const bytes = Buffer.from(hex, 'hex')
    bytes[index] = (bytes[index] ?? 0) ^ 1
    expect(verifyAdminKey(`${name}|${bytes.toString('hex')}`, instance), `byte ${index}`).toBe(false)
  }
})

test('refuses the key of another instance and of another secret', () => {
  const key = deriveAdminKey(instance)
  expect(verifyAdminKey(key, { ...instance, instanceSecret: '5b'.repeat(32) })).toBe(false)
  expect(verifyAdminKey(key, { ...instance, instanceName: 'orion' })).toBe(false)
  expect(verifyAdminKey(key.replace('nebula|', 'orion|'), { ...instance, instanceName: 'orion' })).toBe(true)
})

test.each(['', 'nebula', 'nebula|', '|', 'nebula|zz', 'nebula|01', `nebula|${'00'.repeat(40)}`, 'nebula|0'])(
  'refuses %j',
  (key) => {
    expect(verifyAdminKey(key, instance)).toBe(false)
  },
)

test.each([
  { instanceSecret: 'short' },
  { instanceSecret: 'zz'.repeat(32) },
  { nonce: new Uint8Array(11) },
  { issuedSeconds: 0 },
  { issuedSeconds: 1.5 },
  { instanceName: '' },
  { instanceName: 'a|b' },
])('says what is wrong with %j', (wrong) => {
  expect(() => deriveAdminKey({ ...instance, ...wrong })).toThrow(NebulaError)
})
