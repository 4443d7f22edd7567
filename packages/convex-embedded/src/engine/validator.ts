import { convexToJson, type ValidatorJSON, type Value } from 'convex/values'

/** Why a value does not match: what is wrong, where, and with which part of the validator. */
export interface Mismatch {
  readonly message: string
  readonly path: string
  readonly value: unknown
  readonly validator: ValidatorJSON
}

type Scalar = Extract<ValidatorJSON['type'], 'number' | 'bigint' | 'boolean' | 'string'>
const SCALARS: readonly string[] = ['number', 'bigint', 'boolean', 'string'] satisfies Scalar[]

/**
 * Compares a value with a validator in its exported form. convex-test has its own validator, but that one takes
 * anything for a `v.record()`, and checks what a mutation returns after it has committed.
 * @returns null when it matches.
 */
export function findMismatch(validator: ValidatorJSON, value: unknown, path = ''): Mismatch | null {
  const wrong = (message = 'Value does not match validator.'): Mismatch => ({ message, path, value, validator })
  if (SCALARS.includes(validator.type)) return typeof value === validator.type ? null : wrong()
  switch (validator.type) {
    case 'any':
      return value === undefined ? wrong() : null
    case 'null':
      return value === null ? null : wrong()
    case 'bytes':
      return value instanceof ArrayBuffer ? null : wrong()
    case 'literal':
      return value === literalOf(validator.value) ? null : wrong()
    case 'id':
      return typeof value === 'string' && tableOf(value) === validator.tableName ? null : wrong()
    case 'array':
      if (!Array.isArray(value)) return wrong()
      return first(value.map((item, index) => () => findMismatch(validator.value, item, `${path}[${index}]`)))
    case 'union':
      return validator.value.some((option) => findMismatch(option, value, path) === null) ? null : wrong()
    case 'record':
      return isRecord(value) ? findInRecord(validator, value, path) : wrong()
    case 'object':
      return isRecord(value) ? findInObject(validator, value, path) : wrong()
    default:
      // v.commitTs(): an integer, or the placeholder that becomes one.
      return typeof value === 'bigint' || typeof value === 'object' ? null : wrong()
  }
}

function findInRecord(
  validator: ValidatorJSON & { type: 'record' },
  value: Record<string, unknown>,
  path: string,
): Mismatch | null {
  return first(
    Object.entries(value).flatMap(([key, item]) => [
      () => findMismatch(validator.keys, key, `${path}.${key}`),
      () => findMismatch(validator.values.fieldType, item, `${path}.${key}`),
    ]),
  )
}

function findInObject(
  validator: ValidatorJSON & { type: 'object' },
  value: Record<string, unknown>,
  path: string,
): Mismatch | null {
  const fields = validator.value
  const missing = Object.keys(fields).find(
    (name) => !fields[name]?.optional && (!Object.hasOwn(value, name) || value[name] === undefined),
  )
  if (missing !== undefined) {
    const message = `Object is missing the required field \`${missing}\`. Consider wrapping the field validator in \`v.optional(...)\` if this is expected.`
    return { message, path, value, validator }
  }
  return first(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([name, item]) => () => {
        // Names come from outside, and some are those of every object's own methods.
        const known = Object.hasOwn(fields, name) ? fields[name] : undefined
        if (known) return findMismatch(known.fieldType, item, `${path}.${name}`)
        return {
          message: `Object contains extra field \`${name}\` that is not in the validator.`,
          path,
          value,
          validator,
        }
      }),
  )
}

/** The text of a mismatch as Convex prints it. */
export function describeMismatch({ message, path, value, validator }: Mismatch): string {
  return [
    message,
    ...(path === '' ? [] : [`Path: ${path}`]),
    `Value: ${describeValue(value)}`,
    `Validator: ${describeValidator(validator)}`,
  ].join('\n')
}

/** The table in a document's id, or null when it is no id. Ids are digits and then the table's name. */
export function tableOf(id: string): string | null {
  return /^[0-9]+([A-Za-z_][A-Za-z0-9_]*)$/.exec(id)?.[1] ?? null
}

function describeValidator(validator: ValidatorJSON): string {
  switch (validator.type) {
    case 'bigint':
      return 'v.int64()'
    case 'number':
      return 'v.float64()'
    case 'literal':
      return `v.literal(${JSON.stringify(validator.value)})`
    case 'id':
      return `v.id("${validator.tableName}")`
    case 'array':
      return `v.array(${describeValidator(validator.value)})`
    case 'union':
      return `v.union(${validator.value.map(describeValidator).join(', ')})`
    case 'record':
      return `v.record(${describeValidator(validator.keys)}, ${describeValidator(validator.values.fieldType)})`
    case 'object':
      return `v.object({${Object.entries(validator.value)
        .map(([name, field]) => `${name}: ${optional(describeValidator(field.fieldType), field.optional)}`)
        .join(', ')}})`
    default:
      return `v.${validator.type}()`
  }
}

function optional(text: string, isOptional: boolean): string {
  return isOptional ? `v.optional(${text})` : text
}

function describeValue(value: unknown): string {
  try {
    // Whatever is no Convex value makes this throw, and is described by its type alone.
    const text = JSON.stringify(convexToJson(value as Value))
    return text.length <= 500 ? text : `${text.slice(0, 500)}…`
  } catch {
    return `a ${typeof value}`
  }
}

function literalOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('$integer' in value)) return value
  return Buffer.from(String(value.$integer), 'base64').readBigInt64LE()
}

function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

function first(checks: readonly (() => Mismatch | null)[]): Mismatch | null {
  for (const check of checks) {
    const found = check()
    if (found) return found
  }
  return null
}
