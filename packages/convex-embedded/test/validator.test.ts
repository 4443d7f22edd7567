import { type GenericValidator, type ValidatorJSON, v } from 'convex/values'
import { describe, expect, it } from 'vitest'
import { describeMismatch, findMismatch, tableOf } from '../src/engine/validator.ts'

/** As it is exported: `json` is there, and not in the types. */
const jsonOf = (validator: GenericValidator) => (validator as unknown as { json: ValidatorJSON }).json
const found = (validator: GenericValidator, value: unknown) => findMismatch(jsonOf(validator), value)
const told = (validator: GenericValidator, value: unknown) => {
  const mismatch = found(validator, value)
  return mismatch === null ? null : describeMismatch(mismatch)
}
const plain = Object.assign(Object.create(null), { a: 1 })
class Point {
  a = 1
}

describe('a validator', () => {
  it.each<[string, GenericValidator, unknown[], unknown[]]>([
    ['number', v.number(), [0, 1.5, Number.NaN], ['1', 1n, true, null, undefined, {}]],
    ['bigint', v.int64(), [0n], [0, '0', null, undefined]],
    ['boolean', v.boolean(), [true, false], [0, 'true', null, undefined]],
    ['string', v.string(), ['', 'a'], [0, null, undefined, ['a']]],
    ['any', v.any(), [null, 0, '', {}, []], [undefined]],
    ['null', v.null(), [null], [undefined, 0, '', {}]],
    ['bytes', v.bytes(), [new ArrayBuffer(1)], [new Uint8Array(1), 'a', null, {}]],
    ['literal', v.literal('a'), ['a'], ['b', undefined, null, ['a']]],
    ['literal number', v.literal(1), [1], [1n, '1', 2]],
    ['literal bigint', v.literal(3n), [3n], [3, 4n, '3']],
    ['id', v.id('notes'), ['10001notes'], ['10001note', 'notes', '1', 10001, ['10001notes'], null, { a: 1 }]],
    ['array', v.array(v.number()), [[], [1, 2]], [[1, '2'], ['1', 2], 1, { 0: 1 }, null]],
    ['union', v.union(v.number(), v.null()), [1, null], ['1', undefined]],
    ['empty union', v.union(), [], [1, undefined]],
    [
      'record',
      v.record(v.string(), v.number()),
      [{}, { a: 1 }, plain],
      [{ a: 'b' }, [], null, undefined, new Point(), 1],
    ],
    ['record of ids', v.record(v.id('notes'), v.any()), [{ '1notes': 1 }], [{ a: 1 }]],
    [
      'object',
      v.object({ a: v.number() }),
      [{ a: 1 }, plain],
      [{}, { a: '1' }, [], null, undefined, new Point(), 'a', 1],
    ],
    ['object with an optional field', v.object({ a: v.optional(v.number()) }), [{}, { a: undefined }], [{ a: '1' }]],
    ['object without fields', v.object({}), [{}, { a: undefined }], [{ a: 1 }, { toString: 1 }]],
    ['object with a method’s name', v.object({ toString: v.any() }), [{ toString: 1 }], [{}]],
    ['object with a field that is undefined', v.object({ a: v.any() }), [{ a: null }], [{ a: undefined }]],
  ])('of %s takes its values and no others', (_, validator, right, wrong) => {
    for (const value of right) expect(found(validator, value)).toBeNull()
    for (const value of wrong) expect(found(validator, value)).not.toBeNull()
  })

  it('of a commit time takes an integer or its placeholder', () => {
    // No release that we use has v.commitTs() yet.
    const commit = { type: 'commitTs' } as unknown as ValidatorJSON
    for (const value of [1n, {}]) expect(findMismatch(commit, value)).toBeNull()
    for (const value of [1, 'a', undefined]) expect(findMismatch(commit, value)).not.toBeNull()
  })
})

describe('a mismatch', () => {
  it('says what is wrong, where, and what was expected there', () => {
    const notes = v.object({ notes: v.array(v.record(v.string(), v.number())) })
    expect(told(notes, { notes: [{}, { size: 'big' }] })).toBe(
      'Value does not match validator.\nPath: .notes[1].size\nValue: "big"\nValidator: v.float64()',
    )
    expect(told(v.string(), 1)).toBe('Value does not match validator.\nValue: 1\nValidator: v.string()')
  })

  it('in a record is about the key first', () => {
    expect(found(v.record(v.id('notes'), v.number()), { a: 'b' })).toMatchObject({ path: '.a', value: 'a' })
  })

  it('names the field that is missing, and the one that is too much', () => {
    const validator = v.object({ a: v.object({ b: v.number(), c: v.optional(v.null()) }) })
    expect(told(validator, { a: {} })).toBe(
      'Object is missing the required field `b`. Consider wrapping the field validator in `v.optional(...)` if this is expected.\n' +
        'Path: .a\nValue: {}\nValidator: v.object({b: v.float64(), c: v.optional(v.null())})',
    )
    expect(told(validator, { a: { b: 1, x: 2 } })).toBe(
      'Object contains extra field `x` that is not in the validator.\n' +
        'Path: .a\nValue: {"b":1,"x":2}\nValidator: v.object({b: v.float64(), c: v.optional(v.null())})',
    )
  })

  it.each<[GenericValidator, string]>([
    [v.int64(), 'v.int64()'],
    [v.literal('a'), 'v.literal("a")'],
    [v.id('notes'), 'v.id("notes")'],
    [v.array(v.int64()), 'v.array(v.int64())'],
    [v.union(v.null(), v.boolean()), 'v.union(v.null(), v.boolean())'],
    [v.record(v.string(), v.int64()), 'v.record(v.string(), v.int64())'],
    [v.bytes(), 'v.bytes()'],
  ])('shows its validator as it is written: %#', (validator, text) => {
    expect(told(validator, 0)).toBe(`Value does not match validator.\nValue: 0\nValidator: ${text}`)
  })

  it('shows 500 characters of a value, and of what is no value its type', () => {
    const value = (text: string) => told(v.number(), text)?.split('\n')[1]
    expect(value('a'.repeat(498))).toBe(`Value: "${'a'.repeat(498)}"`)
    expect(value('a'.repeat(499))).toBe(`Value: "${'a'.repeat(499)}…`)
    expect(told(v.number(), () => 1)?.split('\n')[1]).toBe('Value: a function')
  })
})

it('the table of an id is what follows its digits', () => {
  expect(tableOf('10001notes')).toBe('notes')
  expect(tableOf('1_storage')).toBe('_storage')
  expect(tableOf('1a2')).toBe('a2')
  for (const id of ['notes', '1', '', 'x1notes', '1notes!', '1 notes']) expect(tableOf(id)).toBeNull()
})
