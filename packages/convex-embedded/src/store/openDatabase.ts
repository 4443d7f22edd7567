import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  statfsSync,
  statSync,
} from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { ExitCode } from '@nebula/stack/errors/exitCodes'
import { NebulaError } from '@nebula/stack/errors/nebulaError'
import { showBytes } from '@nebula/stack/preflight/check'
import { notWritable } from '@nebula/stack/system/notWritable'
import { corrupt } from './corruption.ts'

const FORMAT = '1'
const PRIVATE = 0o600
/** SQLite's result codes, without what they are extended by. Source: https://sqlite.org/rescode.html */
const BUSY = 5
const FULL = 13
/** The file is not what was written. Everything else is a reason why it cannot be used now. */
const DAMAGE: readonly number[] = [11, 26]

/**
 * Opens a folder's database, a new one where there is none. What is there is looked at before anything is written.
 * @throws NebulaError CONVEX_DATA_LOCKED when another server has it, CONVEX_DATA_DAMAGED when it is not what this server
 *   wrote, CONVEX_DATA_UNUSABLE when the disk or its rights are in the way, NOT_WRITABLE when it or its folder is not.
 */
export function openDatabase(folder: string): { database: DatabaseSync; file: string } {
  const file = path.join(folder, 'convex.sqlite')
  prepareFolder(folder, file)
  let database: DatabaseSync | undefined
  try {
    if (existsSync(file)) inspect(file)
    // Made before SQLite makes it: what belongs to it, the log, gets the same mode. It holds the environment's secrets.
    closeSync(openSync(file, 'a', PRIVATE))
    for (const name of [file, `${file}-wal`, `${file}-shm`]) if (existsSync(name)) chmodSync(name, PRIVATE)
    database = new DatabaseSync(file)
    // The lock comes with the first transaction and stays; FULL writes through to the disk at every commit.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    database.exec(`BEGIN EXCLUSIVE;
      CREATE TABLE IF NOT EXISTS documents (id TEXT PRIMARY KEY, json TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS environment (name TEXT PRIMARY KEY, value TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS requests (
        session TEXT, request INTEGER, response TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (session, request));
      INSERT OR IGNORE INTO state VALUES ('format', '${FORMAT}');
      COMMIT`)
    return { database, file }
  } catch (error) {
    database?.close()
    throw describe(file, error)
  }
}

/** Here the system says why it is not possible; SQLite would only say that it is not. */
function prepareFolder(folder: string, file: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw notWritable(folder, folder, error) ?? error
  }
  try {
    if (existsSync(file)) accessSync(file, constants.R_OK | constants.W_OK)
  } catch (error) {
    throw notWritable(file, folder, error) ?? error
  }
}

/** Looks at a database by a connection that cannot write: one that can would take the log in when it is closed. */
function inspect(file: string): void {
  if (statSync(file).size === 0) {
    inspectEmpty(file)
    return
  }
  const url = pathToFileURL(file)
  // Without a log nobody is writing, and SQLite need not begin one to read.
  if (!existsSync(`${file}-wal`)) url.searchParams.set('immutable', '1')
  const database = new DatabaseSync(url, { readOnly: true })
  try {
    const check = database.prepare('PRAGMA quick_check(1)').get()?.quick_check
    if (check !== 'ok') throw corrupt(file, String(check))
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all()
    if (tables.length === 0) return
    const isOurs = ['documents', 'state'].every((known) => tables.some(({ name }) => name === known))
    if (!isOurs) throw corrupt(file, 'it is the database of another program')
    const format = database.prepare("SELECT value FROM state WHERE key = 'format'").get()?.value
    if (format !== undefined && format !== FORMAT) throw corrupt(file, `format ${format}, this version reads ${FORMAT}`)
  } finally {
    database.close()
  }
}

/** A start that was cut off leaves an empty file. So does a disk that lost one, but functions tell that it was not. */
function inspectEmpty(file: string): void {
  const functions = path.join(path.dirname(file), 'functions')
  if (existsSync(functions) && readdirSync(functions).length > 0) throw corrupt(file, 'it is empty')
}

function describe(file: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof NebulaError) return error
  const code = 'errcode' in error ? Number(error.errcode) & 0xff : 0
  if (code === BUSY) {
    return new NebulaError(`another Convex stand-in is using ${file}`, {
      code: 'CONVEX_DATA_LOCKED',
      hint: 'Stop the other one, or give this one its own CONVEX_DATA_DIR',
    })
  }
  if (code === FULL) return notWritable(file, path.dirname(file), Object.assign(new Error(), { code: 'ENOSPC' }))
  if (DAMAGE.includes(code)) return corrupt(file, error.message, error)
  return cannotBeUsed(file, error)
}

/** The disk, its rights or the memory: with what the system says, since the data may be as good as ever. */
function cannotBeUsed(file: string, error: Error): NebulaError {
  const folder = path.dirname(file)
  const { bavail, bsize } = statfsSync(folder)
  const said = 'errstr' in error ? `${error.message} (SQLite: ${error.errstr})` : error.message
  const message = `${file} cannot be read or written now: ${said}; ${showBytes(bavail * bsize)} are free on its disk. Nothing was changed.`
  return new NebulaError(message, {
    code: 'CONVEX_DATA_UNUSABLE',
    hint: `df -h '${folder}'; ls -la '${folder}'`,
    exitCode: ExitCode.Precondition,
    cause: error,
  })
}
