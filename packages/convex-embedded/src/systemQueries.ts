import { convexToJson, type JSONValue, type Value } from 'convex/values'
import { z } from 'zod'
import { apiSpec } from './deploy/analysis.ts'
import type { Engine } from './engine/engine.ts'
import type { Document } from './engine/internals.ts'
import type { Store } from './store/store.ts'

/** One query of the server's own: notes what it reads, as a deployed one does. */
export type SystemQuery = (args: JSONValue, reads: Set<string>) => Value

/** What system queries read beside tables. It changes with every push and every change of the environment. */
const DEPLOYMENT_READ = '_deployment'

const PaginationOpts = z.object({ numItems: z.number(), cursor: z.string().nullable() })
const TableData = z.object({
  table: z.string(),
  order: z.enum(['asc', 'desc']).default('desc'),
  paginationOpts: PaginationOpts,
  /** The dashboard's own: only documents whose field holds this text, whatever its case. */
  filter: z.object({ field: z.string(), text: z.string() }).optional(),
})
const Page = z.object({ paginationOpts: PaginationOpts })
const TableName = z.object({ tableName: z.string() })
const Name = z.object({ name: z.string() })

/** The system functions that `convex env`, `data`, `dev`, `run` and `function-spec` call. */
export class SystemQueries {
  readonly #queries: ReadonlyMap<string, SystemQuery>

  constructor(engine: Engine, store: Store, cloudUrl: () => string) {
    const environment = () => Object.entries(store.environment()).map(([name, value]) => ({ name, value }))
    this.#queries = new Map<string, SystemQuery>([
      ['_system/cli/queryEnvironmentVariables', deploymentQuery(environment)],
      [
        '_system/cli/queryEnvironmentVariables:get',
        deploymentQuery((args) => environment().find(({ name }) => name === Name.parse(args).name) ?? null),
      ],
      ['_system/cli/modules:apiSpec', deploymentQuery(() => apiSpec(engine.deployment))],
      ['_system/cli/convexUrl:cloudUrl', deploymentQuery(cloudUrl)],
      ['_system/cli/tables', (args, reads) => listTables(engine, args, reads)],
      ['_system/cli/tableData', (args, reads) => tableData(engine, args, reads)],
      ['_system/cli/tableSize', (args, reads) => count(engine, args, reads)],
      ['_system/cli/queryTable', (args, reads) => count(engine, args, reads)],
      ['_system/frontend/components:list', () => []],
    ])
  }

  find(path: string): SystemQuery | undefined {
    return this.#queries.get(path)
  }
}

function deploymentQuery(answer: (args: JSONValue) => Value): SystemQuery {
  return (args, reads) => {
    reads.add(DEPLOYMENT_READ)
    return answer(args)
  }
}

function listTables(engine: Engine, args: JSONValue, reads: Set<string>): Value {
  Page.parse(args)
  const declared = engine.deployment.schema?.analyzed.tables.map((table) => table.tableName) ?? []
  const names = [...new Set([...declared, ...engine.tables.names()])].sort()
  reads.add(DEPLOYMENT_READ)
  // A table that is not declared comes into being with its first document.
  for (const name of names) reads.add(name)
  reads.add('*')
  return {
    page: names.map((name) => ({ name, count: engine.tables.count(name) })),
    isDone: true,
    continueCursor: 'end',
  }
}

function tableData(engine: Engine, args: JSONValue, reads: Set<string>): Value {
  const { table, order, paginationOpts, filter } = TableData.parse(args)
  reads.add(table)
  const sign = order === 'asc' ? 1 : -1
  const documents = [...engine.tables.documents(table)]
    .filter((document) => !filter || holds(document, filter.field, filter.text))
    .sort((a, b) => sign * compare(a, b))
  const from = Number(paginationOpts.cursor ?? 0)
  const page = documents.slice(from, from + paginationOpts.numItems)
  const next = from + page.length
  return { page, isDone: next >= documents.length, continueCursor: String(next) }
}

function holds(document: Document, field: string, text: string): boolean {
  const value = Object.hasOwn(document, field) ? document[field] : undefined
  if (value === undefined) return false
  const shown = typeof value === 'string' ? value : JSON.stringify(convexToJson(value))
  return shown.toLowerCase().includes(text.toLowerCase())
}

function count(engine: Engine, args: JSONValue, reads: Set<string>): Value {
  const { tableName } = TableName.parse(args)
  reads.add(tableName)
  return engine.tables.count(tableName)
}

function compare(a: Document, b: Document): number {
  return a._creationTime - b._creationTime || (a._id < b._id ? -1 : 1)
}
