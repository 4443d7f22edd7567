import type { GenericSchema, SchemaDefinition } from 'convex/server'
import type { ValidatorJSON } from 'convex/values'
import { z } from 'zod'
import { openConvexTest, type SchemaInternals } from '../engine/internals.ts'
import type { Tables } from '../engine/tables.ts'
import { describeMismatch, findMismatch } from '../engine/validator.ts'
import { PushError } from './pushRequest.ts'

const Index = z.object({ indexDescriptor: z.string(), fields: z.array(z.string()) })
const SearchIndex = z.object({
  indexDescriptor: z.string(),
  searchField: z.string(),
  filterFields: z.array(z.string()),
})
const VectorIndex = z.object({
  indexDescriptor: z.string(),
  vectorField: z.string(),
  dimensions: z.number(),
  filterFields: z.array(z.string()),
})

const AnalyzedSchema = z.object({
  tables: z.array(
    z.looseObject({
      tableName: z.string(),
      indexes: z.array(Index),
      searchIndexes: z.array(SearchIndex),
      vectorIndexes: z.array(VectorIndex),
      documentType: z.custom<ValidatorJSON>(),
    }),
  ),
  schemaValidation: z.boolean(),
})
export type AnalyzedSchema = z.infer<typeof AnalyzedSchema>

const Exported = z.custom<SchemaDefinition<GenericSchema, boolean>>(
  (value) => typeof value === 'object' && value !== null && 'tables' in value && 'export' in value,
)

/**
 * Reads what `schema.ts` exports.
 * @throws PushError when it is no schema, or names a table or an index as Convex does not allow.
 */
export function analyzeSchema(exports: Record<string, unknown>) {
  const parsed = Exported.safeParse(exports.default)
  if (!parsed.success) throw new PushError('InvalidSchema', 'schema.ts must export defineSchema(...) as its default.')
  try {
    const internals: SchemaInternals | null = openConvexTest(parsed.data).internals.components[''].db._schema
    if (!internals) throw new Error('it is empty')
    // `export()` is internal to convex, and the CLI's own source of what it calls the analyzed schema.
    const exported = (parsed.data as unknown as { export(): string }).export()
    return { internals, analyzed: AnalyzedSchema.parse(JSON.parse(exported)) }
  } catch (error) {
    throw new PushError('InvalidSchema', `Hit an error while evaluating your schema:\n${messageOf(error)}`)
  }
}

/** A document that a new schema would not allow, as the CLI shows it. */
export interface SchemaViolation {
  readonly table: string
  readonly message: string
}

export function findViolation(schema: AnalyzedSchema | null, tables: Tables): SchemaViolation | null {
  if (!schema?.schemaValidation) return null
  for (const { tableName, documentType } of schema.tables) {
    for (const document of tables.documents(tableName)) {
      const { _id, _creationTime, ...fields } = document
      const mismatch = findMismatch(documentType, fields)
      if (!mismatch) continue
      const message = `Document with ID "${_id}" in table "${tableName}" does not match the schema: ${describeMismatch(mismatch)}`
      return { table: tableName, message }
    }
  }
  return null
}

/** The indexes that come and go with a schema, in the form in which the CLI lists them. */
export function diffIndexes(from: AnalyzedSchema | null, to: AnalyzedSchema | null) {
  const before = indexesOf(from)
  const after = indexesOf(to)
  const missingIn = (indexes: typeof before, others: typeof before) =>
    indexes.filter((index) => !others.some((other) => JSON.stringify(other) === JSON.stringify(index)))
  return { added_indexes: missingIn(after, before), removed_indexes: missingIn(before, after) }
}

function indexesOf(schema: AnalyzedSchema | null) {
  return (schema?.tables ?? []).flatMap((table) => {
    const name = (index: { indexDescriptor: string }) => `${table.tableName}.${index.indexDescriptor}`
    return [
      ...table.indexes.map((index) => ({ name: name(index), type: 'database', fields: index.fields })),
      ...table.searchIndexes.map(({ indexDescriptor, ...index }) => ({
        name: `${table.tableName}.${indexDescriptor}`,
        type: 'search',
        ...index,
      })),
      ...table.vectorIndexes.map(({ indexDescriptor, ...index }) => ({
        name: `${table.tableName}.${indexDescriptor}`,
        type: 'vector',
        ...index,
      })),
    ]
  })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
