import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { openDatabase } from './openDatabase.ts'

/** One committed transaction, in the form in which it is written down. */
export interface Commit {
  /** Nanoseconds since 1970. */
  readonly ts: bigint
  /** Documents as convex-encoded JSON text, or null where one was deleted. */
  readonly changes: readonly { readonly id: string; readonly json: string | null }[]
  readonly nextDocId: number
  readonly lastCreationTime: number
  readonly response?: { readonly sessionId: string; readonly requestId: number; readonly json: string }
}

export interface StoredState {
  readonly ts: bigint
  readonly nextDocId: number
  readonly lastCreationTime: number
}

const REQUEST_LIFETIME_MS = 3_600_000

/**
 * Everything that outlives the process, in one SQLite file. A commit is on disk when `commit` returns, and is there
 * whole or not at all. Open by one process at a time: SQLite holds the file's lock, so a killed process frees it.
 */
export class Store {
  readonly #database: DatabaseSync
  readonly #file: string
  readonly #statements: Record<'put' | 'remove' | 'set' | 'request', StatementSync>

  /**
   * @throws NebulaError CONVEX_DATA_LOCKED when another server has the folder, CONVEX_DATA_DAMAGED when the file is not
   *   what this server wrote, NOT_WRITABLE when it cannot write there.
   */
  constructor(folder: string) {
    const { database, file } = openDatabase(folder)
    this.#file = file
    this.#database = database
    this.prune()
    this.#statements = {
      put: this.#database.prepare('INSERT OR REPLACE INTO documents (id, json) VALUES (?, ?)'),
      remove: this.#database.prepare('DELETE FROM documents WHERE id = ?'),
      set: this.#database.prepare('INSERT OR REPLACE INTO state (key, value) VALUES (?, ?)'),
      request: this.#database.prepare('INSERT OR REPLACE INTO requests VALUES (?, ?, ?, ?)'),
    }
  }

  get file(): string {
    return this.#file
  }

  state(): StoredState | null {
    const ts = this.get('ts')
    if (ts === null) return null
    return {
      ts: BigInt(ts),
      nextDocId: Number(this.get('nextDocId')),
      lastCreationTime: Number(this.get('lastCreationTime')),
    }
  }

  /** Every document: its id and its convex-encoded JSON text. */
  *documents(): Iterable<{ id: string; json: string }> {
    for (const row of this.#database.prepare('SELECT id, json FROM documents').iterate()) {
      yield { id: String(row.id), json: String(row.json) }
    }
  }

  /** Writes one transaction down. It is on disk when this returns; when this throws, nothing of it is. */
  commit(commit: Commit): void {
    this.#transaction(() => {
      const { put, remove, set, request } = this.#statements
      for (const { id, json } of commit.changes) {
        if (json === null) remove.run(id)
        else put.run(id, json)
      }
      set.run('ts', String(commit.ts))
      set.run('nextDocId', String(commit.nextDocId))
      set.run('lastCreationTime', String(commit.lastCreationTime))
      const { response } = commit
      if (response) request.run(response.sessionId, response.requestId, response.json, Date.now())
    })
  }

  /** The response to a mutation that was committed before, as JSON text. */
  response(sessionId: string, requestId: number): string | null {
    const found = this.#database.prepare('SELECT response FROM requests WHERE session = ? AND request = ?')
    return text(found.get(sessionId, requestId)?.response) ?? null
  }

  /** Forgets responses that are older than an hour: no client asks for them any more. */
  prune(): void {
    this.#database.prepare('DELETE FROM requests WHERE at < ?').run(Date.now() - REQUEST_LIFETIME_MS)
  }

  get(key: string): string | null {
    return text(this.#database.prepare('SELECT value FROM state WHERE key = ?').get(key)?.value) ?? null
  }

  set(key: string, value: string): void {
    this.#statements.set.run(key, value)
  }

  environment(): Record<string, string> {
    const rows = this.#database.prepare('SELECT name, value FROM environment ORDER BY name').all()
    return Object.fromEntries(rows.map((row) => [String(row.name), String(row.value)]))
  }

  /** Replaces the environment, and names the functions that run with it. */
  setEnvironment(environment: Record<string, string>, revision: number | null): void {
    this.#transaction(() => {
      this.#database.exec('DELETE FROM environment')
      const insert = this.#database.prepare('INSERT INTO environment (name, value) VALUES (?, ?)')
      for (const [name, value] of Object.entries(environment)) insert.run(name, value)
      if (revision !== null) this.#statements.set.run('revision', String(revision))
    })
  }

  close(): void {
    this.#database.close()
  }

  #transaction(body: () => void): void {
    this.#database.exec('BEGIN')
    try {
      body()
      this.#database.exec('COMMIT')
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
