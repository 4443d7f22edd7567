/** How a client's frame of a WebSocket begins: RFC 6455, section 5.2. */
export interface FrameHead {
  /** 1 text, 2 binary, 0 the next part, 8 close, 9 ping, 10 pong; the others are nobody's. */
  readonly opcode: number
  readonly isLast?: boolean
  /** The three bits that are kept for extensions. */
  readonly reserved?: number
  readonly isMasked?: boolean
  /** What it says of its length, if that is not its length. */
  readonly length?: number
}

const MASK = Buffer.from([1, 2, 3, 4])
const IN_TWO_BYTES = 126
const IN_EIGHT_BYTES = 127

/** A frame as a client sends it, one character a byte. */
export function encodeFrame(payload: string, head: FrameHead): string {
  const { opcode, isLast = true, reserved = 0, isMasked = true, length = payload.length } = head
  const bytes = Buffer.from(payload, 'latin1')
  const first = (isLast ? 0x80 : 0) | (reserved << 4) | opcode
  const masked = isMasked ? bytes.map((byte, index) => byte ^ (MASK[index % 4] ?? 0)) : bytes
  const mask = isMasked ? MASK : Buffer.alloc(0)
  return Buffer.concat([Buffer.from([first]), lengthField(length, isMasked ? 0x80 : 0), mask, masked]).toString(
    'latin1',
  )
}

function lengthField(length: number, maskBit: number): Buffer {
  if (length < IN_TWO_BYTES) return Buffer.from([maskBit | length])
  const isShort = length <= 0xffff
  const field = Buffer.alloc(isShort ? 3 : 9)
  field[0] = maskBit | (isShort ? IN_TWO_BYTES : IN_EIGHT_BYTES)
  if (isShort) field.writeUInt16BE(length, 1)
  else field.writeBigUInt64BE(BigInt(length), 1)
  return field
}
