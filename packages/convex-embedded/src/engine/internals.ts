import { AsyncLocalStorage } from 'node:async_hooks'
import { NebulaError } from '@nebula/stack/errors/nebulaError'
import type { GenericSchema, SchemaDefinition } from 'convex/server'
import type { Value } from 'convex/values'
import { convexTest, type TestConvex } from 'convex-test'

/** A document as convex-test keeps it. */
export type Document = { [field: string]: Value } & { _id: string; _creationTime: number }

/** What a schema is to convex-test: `schema.tables[name].export()` for every table. */
export interface SchemaInternals {
  readonly schemaValidation: boolean
  readonly tables: Map<string, { readonly documentType: unknown; readonly indexes: unknown }>
}

/** The fields of convex-test's DatabaseFake that the engine reads and sets. */
export interface DatabaseInternals {
  _documents: Record<string, Document>
  /** Pending writes, one entry a nesting level. A null is a deletion. */
  _writes: Record<string, Document | null>[]
  _queryResults: Record<number, unknown>
  _nextDocId: number
  _lastCreationTime: number
  _schema: SchemaInternals | null
  _iterateDocs(table: string, callback: (document: Document) => void): void
  _validate(table: string, document: Record<string, Value>): void
  get(table: string | undefined, id: string): Document | null
  insert(table: string, fields: Record<string, Value>): string
  patch(table: string | undefined, id: string, fields: Record<string, unknown>): void
  delete(table: string | undefined, id: string): void
  commit(commitTs: bigint | null): void
}

interface TransactionManagerInternals {
  _lastCommitTs: bigint
  _metricsTracker: { commit(): void } | null
  commit(isNested: boolean): bigint | null
  rollback(isNested: boolean): void
  _endTransaction(isNested: boolean): void
}

/** The store behind one `convexTest()`: what its AsyncLocalStorage holds while a function runs. */
export interface Internals {
  readonly components: { '': { db: DatabaseInternals; modules: (path: string) => Promise<unknown> } }
  readonly transactionManager: TransactionManagerInternals
  syscall: (op: string, jsonArgs: string) => string
  asyncSyscall: (op: string, jsonArgs: string) => Promise<string>
  jsSyscall: (op: string, args: Record<string, unknown>) => Promise<unknown>
}

export type Tester = TestConvex<SchemaDefinition<GenericSchema, boolean>>

/**
 * Makes a convex-test instance and takes hold of its store, which it shows to nobody: it is caught on its way into
 * AsyncLocalStorage while a query starts. Only for convex-test 0.0.60.
 * @throws NebulaError when the store does not look as it does in that version.
 */
export function openConvexTest(schema?: SchemaDefinition<GenericSchema, boolean>): { t: Tester; internals: Internals } {
  // One module under _generated is all it wants to see; the engine answers for modules itself.
  const t = schema ? convexTest(schema, NO_MODULES) : convexTest({ modules: NO_MODULES })
  let caught: unknown
  const original = AsyncLocalStorage.prototype.run
  AsyncLocalStorage.prototype.run = function run(this: AsyncLocalStorage<unknown>, store: unknown, ...rest: unknown[]) {
    if (caught === undefined && isObject(store) && 'transactionManager' in store) caught = store
    // The types of `run` are generic in its arguments, which pass through unchanged.
    return Reflect.apply(original, this, [store, ...rest])
  } as typeof original
  try {
    // Runs up to its first await at once, which is after the store went in. Its result is of no interest.
    t.query(async () => null).catch(() => undefined)
  } finally {
    AsyncLocalStorage.prototype.run = original
  }
  assertInternals(caught)
  return { t, internals: caught }
}

const NO_MODULES = { './_generated/api.js': async () => ({}) }

function assertInternals(store: unknown): asserts store is Internals {
  const root = field(field(store, 'components'), '')
  const database = field(root, 'db')
  const manager = field(store, 'transactionManager')
  const expected: [string, unknown, string][] = [
    ['components[""].modules', field(root, 'modules'), 'function'],
    ['syscall', field(store, 'syscall'), 'function'],
    ['asyncSyscall', field(store, 'asyncSyscall'), 'function'],
    ['jsSyscall', field(store, 'jsSyscall'), 'function'],
    ...objects.map((name): [string, unknown, string] => [`db.${name}`, field(database, name), 'object']),
    ...numbers.map((name): [string, unknown, string] => [`db.${name}`, field(database, name), 'number']),
    ...methods.map((name): [string, unknown, string] => [`db.${name}`, field(database, name), 'function']),
    ['transactionManager._lastCommitTs', field(manager, '_lastCommitTs'), 'bigint'],
    ['transactionManager._metricsTracker', field(manager, '_metricsTracker'), 'object'],
    ['transactionManager.commit', field(manager, 'commit'), 'function'],
    ['transactionManager.rollback', field(manager, 'rollback'), 'function'],
    ['transactionManager._endTransaction', field(manager, '_endTransaction'), 'function'],
  ]
  const wrong = expected.filter(([, value, type]) => typeof value !== type).map(([name, , type]) => `${name} (${type})`)
  if (wrong.length === 0) return
  throw new NebulaError(`convex-test has other internals than version 0.0.60: ${wrong.join(', ')}`, {
    code: 'CONVEX_TEST_INTERNALS',
    hint: 'Put convex-test in pnpm-workspace.yaml back to 0.0.60',
  })
}

const objects = ['_documents', '_writes', '_queryResults', '_schema']
const numbers = ['_nextDocId', '_lastCreationTime']
const methods = ['_iterateDocs', '_validate', 'get', 'insert', 'patch', 'delete', 'commit']

function field(value: unknown, name: string): unknown {
  return isObject(value) ? Reflect.get(value, name) : undefined
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
