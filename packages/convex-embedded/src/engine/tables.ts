import type { DatabaseInternals, Document } from './internals.ts'
import { tableOf } from './validator.ts'

/**
 * Which document is in which table. convex-test looks through all documents of all tables to find those of one; with
 * this it looks through that table.
 */
export class Tables {
  readonly #idsByTable = new Map<string, Set<string>>()
  readonly #database: DatabaseInternals

  constructor(database: DatabaseInternals) {
    this.#database = database
    for (const id of Object.keys(database._documents)) this.add(id)
    database._iterateDocs = (table, callback) => this.#each(table, callback)
  }

  add(id: string): void {
    const table = tableOf(id) ?? ''
    const ids = this.#idsByTable.get(table)
    if (ids) ids.add(id)
    else this.#idsByTable.set(table, new Set([id]))
  }

  remove(id: string): void {
    this.#idsByTable.get(tableOf(id) ?? '')?.delete(id)
  }

  /** Names of the application's tables that hold something, sorted. System tables begin with an underscore. */
  names(): string[] {
    const filled = [...this.#idsByTable].filter(([name, ids]) => ids.size > 0 && !name.startsWith('_'))
    return filled.map(([name]) => name).sort()
  }

  count(table: string): number {
    return this.#idsByTable.get(table)?.size ?? 0
  }

  /** The committed documents of a table, in no particular order. */
  *documents(table: string): Iterable<Document> {
    for (const id of this.#idsByTable.get(table) ?? []) {
      const document = this.#database._documents[id]
      if (document) yield document
    }
  }

  #each(table: string, callback: (document: Document) => void): void {
    const pending = this.#database._writes.flatMap((level) => Object.keys(level)).filter((id) => tableOf(id) === table)
    const committed = this.#idsByTable.get(table) ?? []
    const ids = pending.length === 0 ? committed : new Set([...committed, ...pending])
    for (const id of ids) {
      const document = this.#database.get(table, id)
      if (document !== null) callback(document)
    }
  }
}
