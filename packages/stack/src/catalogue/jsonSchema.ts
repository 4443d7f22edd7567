import { z } from 'zod'
import type { Path } from './problem.ts'
import { valueAt } from './problem.ts'
import { Catalogue } from './schema.ts'

/** Where the schema for editors is, relative to the repository. */
export const SCHEMA_FILE = 'infra/stack.schema.json'

/** The content of infra/stack.schema.json: what editors complete and check stack.yaml with. */
export function schemaFileContent(): string {
  const schema = { title: 'The stack, described once', ...catalogueJsonSchema() }
  return `${JSON.stringify(schema, null, 2)}\n`
}

/**
 * The keys that an object at this place of a catalogue can have.
 * @param root the catalogue as it was read: in a choice, its values tell which alternative is meant.
 */
export function knownKeys(root: unknown, path: Path): readonly string[] {
  let schema: unknown = catalogueJsonSchema()
  for (const [index, key] of path.entries()) {
    const next = typeof key === 'number' ? ['items'] : ['properties', key]
    schema = chosen(valueAt(schema, next), valueAt(root, path.slice(0, index + 1)))
  }
  const properties = valueAt(schema, ['properties'])
  return properties === null || typeof properties !== 'object' ? [] : Object.keys(properties)
}

function catalogueJsonSchema() {
  return z.toJSONSchema(Catalogue, { io: 'input' })
}

/** Of the alternatives of a choice by `kind`, the one whose kind the value has. */
function chosen(schema: unknown, value: unknown): unknown {
  const alternatives = valueAt(schema, ['oneOf'])
  if (!Array.isArray(alternatives)) return schema
  const kind = valueAt(value, ['kind'])
  return alternatives.find((alternative) => valueAt(alternative, ['properties', 'kind', 'const']) === kind)
}
