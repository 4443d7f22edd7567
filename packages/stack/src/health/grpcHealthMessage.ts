/** What grpc.health.v1.HealthCheckResponse can say, in the order of its enum. */
const SERVING_STATUSES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const
export type ServingStatus = (typeof SERVING_STATUSES)[number]

const SERVICE_TAG = 0x0a
const STATUS_TAG = 0x08
const WIRE_VARINT = 0
const WIRE_BYTES = 2

/** The message HealthCheckRequest: one string, field 1. */
export function encodeHealthRequest(service: string): Buffer {
  const text = Buffer.from(service)
  if (text.length > 0x7f) throw new RangeError(`a service name has at most 127 bytes: ${service}`)
  return Buffer.concat([Buffer.of(SERVICE_TAG, text.length), text])
}

/** The status of a HealthCheckResponse: one enum, field 1; fields that are not known are skipped. */
export function decodeServingStatus(message: Uint8Array): ServingStatus {
  let offset = 0
  let status = 0
  while (offset < message.length) {
    const tag = message[offset] ?? 0
    const value = readVarint(message, offset + 1)
    if (tag === STATUS_TAG) status = value.value
    else if ((tag & 7) !== WIRE_VARINT && (tag & 7) !== WIRE_BYTES) throw new RangeError('not a HealthCheckResponse')
    offset = value.end + ((tag & 7) === WIRE_BYTES ? value.value : 0)
  }
  return SERVING_STATUSES[status] ?? 'UNKNOWN'
}

function readVarint(bytes: Uint8Array, start: number): { value: number; end: number } {
  let value = 0
  for (let index = start; index < bytes.length; index += 1) {
    const byte = bytes[index] ?? 0
    value += (byte & 0x7f) * 2 ** (7 * (index - start))
    if (byte < 0x80) return { value, end: index + 1 }
  }
  throw new RangeError('the message ends in the middle of a number')
}
