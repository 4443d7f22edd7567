import fc from 'fast-check'

/** JSON texts, or nearly, that have broken programs: depth, numbers, names that objects have, halves of characters. */
const HOSTILE: readonly string[] = [
  ...['null', 'true', '-0', '0.1', '-1', '1e308', '1e999', '9007199254740993', '4294967296', '2147483648', '""', '[]', '{}'],
  ...['"\\ud800"', '"\\udc00x"', '"\\u0000"', '"\\u202e"', '" "', '"."', '".."', '"/"', '"a:b:c"', '":"', '"$&"', '"%E0%A4%A"'],
  ...['{"__proto__":{"polluted":1}}', '{"constructor":{"prototype":{"polluted":1}}}', '{"toString":1}', '{"then":1}'],
  ...['"__proto__"', '"constructor"', '"hasOwnProperty"', '{"length":1e9}', '{"a":1,"a":2}', '{"":{"":{}}}', '{"$a":1}'],
  ...['{"$integer":"AAAAAAAAAAA="}', '{"$integer":"AA=="}', '{"$integer":"!"}', '{"$integer":1}', '{"$float":"AAAAAAAA+H8="}'],
  ...['{"$float":""}', '{"$bytes":"%"}', '{"$bytes":{}}', '{"$set":[]}', '{"$map":[[]]}', '{"$undefined":1}', '{"$integer":"AAAAAAAAAAA=","a":1}'],
  ...['{', '[1,', '"', 'NaN', 'undefined', "'a'", '"\n"', '"\\x"', '\\', '01', '1.', '+1', '[1,]', '{"a":}', '//', '\ufeff{}', '\x00'],
  ...[nested('[', ']', 70), nested('[', ']', 5_000), nested('{"a":', '}', 70, '1'), nested('{"a":', '}', 5_000, '1'), nested('[', '', 50_000)],
  `"${'a'.repeat(10_000)}"`,
  `[${'0,'.repeat(10_000)}0]`,
] // biome-ignore format: lists

function nested(open: string, close: string, depth: number, inner = ''): string {
  return open.repeat(depth) + inner + close.repeat(depth)
}

/** The text of a JSON value, or of what is nearly one. */
export const hostileJson: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...HOSTILE) },
  { weight: 1, arbitrary: fc.json({ maxDepth: 3 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)) },
)

/** The text of a value with one of its parts, its own whole or a further one of it replaced by something hostile. */
export function mutated(value: unknown): fc.Arbitrary<string> {
  const places = placesIn(value)
  return fc.oneof(
    { weight: 1, arbitrary: fc.constant(JSON.stringify(value)) },
    {
      weight: 8,
      arbitrary: fc
        .tuple(fc.constantFrom(...places), hostileJson)
        .map(([place, part]) => JSON.stringify(value, replacing(place)).replace(MARK_TEXT, () => part)),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(hostileJson, hostileJson)
        .map(([name, part]) => JSON.stringify(value).replace(/\}$/, () => `,${name}:${part}}`)),
    },
  )
}

const MARK = '\u0001here\u0001'
const MARK_TEXT = JSON.stringify(MARK)

/** For JSON.stringify: puts the mark in the place of the part that it comes to as the `place`th. */
function replacing(place: number): (key: string, value: unknown) => unknown {
  let count = 0
  return (_key, value: unknown) => {
    count += 1
    return count - 1 === place ? MARK : value
  }
}

function placesIn(value: unknown): readonly number[] {
  let count = 0
  JSON.stringify(value, (_key, part: unknown) => {
    count += 1
    return part
  })
  return Array.from({ length: count }, (_, index) => index)
}
