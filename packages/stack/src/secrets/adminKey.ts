import { createHmac, randomBytes } from 'node:crypto'
import { gcmsiv } from '@noble/ciphers/aes.js'
import { SECRETS_FILE } from '../checkout/paths.ts'
import { NebulaError } from '../errors/nebulaError.ts'

/** What a Convex deployment is known by: `INSTANCE_NAME` and `INSTANCE_SECRET` of its backend. */
export interface ConvexInstance {
  readonly instanceName: string
  /** 32 bytes as 64 hexadecimal digits. */
  readonly instanceSecret: string
}

export interface DeriveAdminKeyOptions extends ConvexInstance {
  /** When the key counts as issued, seconds since 1970; never 0. Default: now. */
  readonly issuedSeconds?: number
  /** 12 bytes. Default: random, so that two keys of one instance differ. */
  readonly nonce?: Uint8Array
}

const VERSION = 1
const NONCE_LENGTH = 12
const TAG_LENGTH = 16
// Fields of the protobuf message AdminKey: 2 = issued_s (varint), 3 = member_id (varint, always written, 0 for nobody).
const ISSUED_TAG = 0x10
const MEMBER_ID_TAG = 0x18

/**
 * Makes an admin key of a self-hosted Convex deployment without asking its backend: `<instance name>|<hex>`, with
 * hex = version ‖ nonce ‖ AES-128-GCM-SIV of the message AdminKey under a key derived from the instance's secret.
 * Source: convex-backend, crates/keybroker/src/{broker,encryptor,secret}.rs and crates/pb/protos/convex_keys.proto.
 * @throws NebulaError when the secret is not 64 hexadecimal digits, the nonce not 12 bytes, or the time not after 1970.
 */
export function deriveAdminKey(options: DeriveAdminKeyOptions): string {
  const issued = options.issuedSeconds ?? Math.floor(Date.now() / 1000)
  const nonce = options.nonce ?? randomBytes(NONCE_LENGTH)
  if (!Number.isSafeInteger(issued) || issued <= 0)
    throw invalid(`issuedSeconds must be a positive integer, not ${issued}`)
  if (nonce.length !== NONCE_LENGTH) throw invalid(`the nonce must have ${NONCE_LENGTH} bytes, not ${nonce.length}`)
  if (!isInstanceName(options.instanceName)) throw invalid(`"${options.instanceName}" is no instance name`)

  const message = Uint8Array.from([ISSUED_TAG, ...varint(issued), MEMBER_ID_TAG, 0])
  const sealed = cipher(options.instanceSecret, nonce).encrypt(message)
  const bytes = Buffer.concat([Uint8Array.of(VERSION), nonce, sealed])
  return `${options.instanceName}|${bytes.toString('hex')}`
}

/**
 * Whether this is an admin key of this instance: the right name, and sealed with the instance's secret.
 * @throws NebulaError when the instance's own secret is not 64 hexadecimal digits.
 */
export function verifyAdminKey(key: string, instance: ConvexInstance): boolean {
  const separator = key.lastIndexOf('|')
  const hex = key.slice(separator + 1)
  if (separator < 0 || key.slice(0, separator) !== instance.instanceName) return false
  if (!/^(?:[0-9a-f]{2})+$/i.test(hex)) return false
  const bytes = Buffer.from(hex, 'hex')
  if (bytes[0] !== VERSION || bytes.length <= 1 + NONCE_LENGTH + TAG_LENGTH) return false

  const open = cipher(instance.instanceSecret, bytes.subarray(1, 1 + NONCE_LENGTH))
  try {
    const message = open.decrypt(bytes.subarray(1 + NONCE_LENGTH))
    return message[0] === ISSUED_TAG && message[1] !== 0
  } catch {
    return false
  }
}

function cipher(instanceSecret: string, nonce: Uint8Array) {
  return gcmsiv(deriveKey(instanceSecret), nonce, Uint8Array.of(VERSION))
}

/** SP 800-108 counter mode with HMAC-SHA-256, one block, its label as the only fixed input; the first 16 bytes. */
function deriveKey(instanceSecret: string): Uint8Array {
  if (!/^[0-9a-f]{64}$/i.test(instanceSecret)) throw invalid('the instance secret must be 64 hexadecimal digits')
  const hmac = createHmac('sha256', Buffer.from(instanceSecret, 'hex'))
  return hmac
    .update(Uint8Array.of(0, 0, 0, 1))
    .update('admin key')
    .digest()
    .subarray(0, 16)
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  while (rest > 0x7f) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  return [...bytes, rest]
}

function isInstanceName(name: string): boolean {
  return name !== '' && !name.includes('|')
}

function invalid(message: string): NebulaError {
  return new NebulaError(`Convex admin key: ${message}`, {
    code: 'ADMIN_KEY_INVALID',
    hint: `cat ${SECRETS_FILE}`,
  })
}
