import { expect, test } from 'vitest'
import { decodeServingStatus, encodeHealthRequest } from '../../src/health/grpcHealthMessage.ts'

test('a request is the tag of its field, the length of the name and the name', () => {
  expect([...encodeHealthRequest('ab')]).toEqual([0x0a, 2, 97, 98])
  expect([...encodeHealthRequest('')]).toEqual([0x0a, 0])
  expect(encodeHealthRequest('a'.repeat(127))).toHaveLength(129)
  expect(() => encodeHealthRequest('a'.repeat(128))).toThrow(`a service name has at most 127 bytes: ${'a'.repeat(128)}`)
  expect(() => encodeHealthRequest('é'.repeat(64))).toThrow(RangeError)
})

test.each([
  ['nothing', [], 'UNKNOWN'],
  ['the first status', [8, 0], 'UNKNOWN'],
  ['the second', [8, 1], 'SERVING'],
  ['the third', [8, 2], 'NOT_SERVING'],
  ['the fourth', [8, 3], 'SERVICE_UNKNOWN'],
  ['one that is not known', [8, 4], 'UNKNOWN'],
  ['one that comes again: the last holds', [8, 1, 8, 2], 'NOT_SERVING'],
  ['a number of two bytes', [8, 0x81, 0x00], 'SERVING'],
  ['a large number', [8, 0x81, 0x01], 'UNKNOWN'],
  ['another field that is a number', [0x10, 2, 8, 1], 'SERVING'],
  ['another field of two bytes', [0x10, 0x80, 0x01, 8, 1], 'SERVING'],
  ['another field that is a text', [0x12, 2, 8, 2, 8, 1], 'SERVING'],
  ['another field that is an empty text', [0x12, 0, 8, 1], 'SERVING'],
  ['a text of 129 bytes', [0x12, 0x81, 0x01, ...Array<number>(129).fill(8), 8, 1], 'SERVING'],
  ['a text of 16385 bytes', [0x12, 0x81, 0x80, 0x01, ...Array<number>(16_385).fill(8), 8, 1], 'SERVING'],
])('an answer with %s is understood', (_, bytes, status) => {
  expect(decodeServingStatus(Uint8Array.from(bytes))).toBe(status)
})

test('an answer that ends too early, or is something else, is an error', () => {
  for (const bytes of [[8], [8, 0x80], [8, 1, 8]])
    expect(() => decodeServingStatus(Uint8Array.from(bytes))).toThrow('the message ends in the middle of a number')
  // A fixed number of 64 bits, a group, a fixed number of 32 bits.
  for (const tag of [0x09, 0x0b, 0x0d])
    expect(() => decodeServingStatus(Uint8Array.from([tag, 1]))).toThrow('not a HealthCheckResponse')
})
