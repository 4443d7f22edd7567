import { jsonToConvex, type Value } from 'convex/values'
import { z } from 'zod'
import type { FileStorage } from '../store/fileStorage.ts'
import { currentExecution } from './execution.ts'
import { RequestError } from './functionError.ts'
import type { Internals } from './internals.ts'
import { tableOf } from './validator.ts'

/** What the syscalls need of the engine. */
export interface SyscallHost {
  readonly internals: Internals
  readonly files: FileStorage
  /** Runs in a transaction of its own: for actions, which have none. */
  transaction<T extends string | null>(body: () => T | Promise<T>): Promise<T>
  hasFunction(path: string): boolean
}

const Id = z.object({ id: z.string() })
const StorageId = z.object({ storageId: z.string() })
const Get = z.object({ table: z.string().optional(), id: z.string() })
const Source = z.union([z.object({ tableName: z.string() }), z.object({ indexName: z.string() })])
const Query = z.object({ query: z.object({ source: Source }) })
const Page = z.object({ query: z.object({ source: Source }), endCursor: z.string().nullish() })
const Scheduled = z.object({
  name: z.string().optional(),
  functionHandle: z.string().optional(),
  args: z.custom<Parameters<typeof jsonToConvex>[0]>(),
  ts: z.number(),
})

/**
 * Puts the engine's own answers before convex-test's: reads are noted for the subscriptions, pages keep their end,
 * files go to the disk, and scheduled functions wait in the table until the transaction has committed. convex-test
 * would start a timer at once, also for a mutation that fails, and forget it when the process ends.
 */
export function installSyscalls(host: SyscallHost): void {
  const { internals } = host
  const { syscall, asyncSyscall, jsSyscall } = internals
  internals.syscall = (op, jsonArgs) => {
    if (op === '1.0/queryStream') noteTable(Query.parse(JSON.parse(jsonArgs)).query.source)
    return syscall(op, jsonArgs)
  }
  internals.asyncSyscall = async (op, jsonArgs) => {
    const own = Object.hasOwn(ASYNC, op) ? ASYNC[op] : undefined
    return own ? await own(host, JSON.parse(jsonArgs), asyncSyscall, jsonArgs) : await asyncSyscall(op, jsonArgs)
  }
  internals.jsSyscall = async (op, args) => {
    if (op === 'storage/storeBlob') return await storeBlob(host, args)
    if (op === 'storage/getBlob') return await getBlob(host, args)
    return await jsSyscall(op, args)
  }
}

type Answer = (
  host: SyscallHost,
  args: unknown,
  fallback: Internals['asyncSyscall'],
  jsonArgs: string,
) => string | Promise<string>

const ASYNC: Record<string, Answer> = {
  '1.0/get': (_host, args, fallback, jsonArgs) => {
    const { id } = Get.parse(args)
    currentExecution()?.call.reads.add(`${tableOf(id)}/${id}`)
    return fallback('1.0/get', jsonArgs)
  },
  '1.0/count': (_host, args, fallback, jsonArgs) => {
    noteRead(z.object({ table: z.string() }).parse(args).table)
    return fallback('1.0/count', jsonArgs)
  },
  '1.0/queryPage': async (_host, args, fallback) => await queryPage(args, fallback),
  '1.0/schedule': (host, args) => inTransaction(host, () => schedule(host, args)),
  '1.0/actions/schedule': (host, args) => inTransaction(host, () => schedule(host, args)),
  '1.0/cancel_job': (host, args) => inTransaction(host, () => cancel(host, args)),
  '1.0/actions/cancel_job': (host, args) => inTransaction(host, () => cancel(host, args)),
  '1.0/storageDelete': (host, args) => inTransaction(host, () => deleteFile(host, args)),
  '1.0/storageGetUrl': (host, args) => {
    const { storageId } = StorageId.parse(args)
    noteRead(`_storage/${storageId}`)
    const exists = host.internals.components[''].db.get('_storage', storageId) !== null
    return JSON.stringify(exists ? host.files.url(storageId) : null)
  },
  '1.0/storageGenerateUploadUrl': (host) => JSON.stringify(host.files.uploadUrl()),
}

/** A mutation's writes belong to its transaction; an action has none, whatever other transaction is open just now. */
async function inTransaction(host: SyscallHost, body: () => string | null): Promise<string> {
  const result = currentExecution()?.kind === 'mutation' ? body() : await host.transaction(body)
  return JSON.stringify(result)
}

/**
 * A page that ran before ends where it ended then, however many documents it has by now: that is what makes the pages
 * of a list fit together. The end stands in the journal, which the client keeps.
 */
async function queryPage(args: unknown, fallback: Internals['asyncSyscall']): Promise<string> {
  const page = Page.parse(args)
  noteTable(page.query.source)
  const call = currentExecution()?.call
  const endCursor = page.endCursor ?? call?.journal ?? null
  const jsonArgs = JSON.stringify({ ...z.looseObject({}).parse(args), endCursor })
  const result: Record<string, unknown> = JSON.parse(await fallback('1.0/queryPage', jsonArgs))
  // convex-test takes the end of a page whose last document is gone for the end of the table.
  if (endCursor !== null) Object.assign(result, { continueCursor: endCursor, isDone: endCursor === '_end_cursor' })
  if (call) call.journal = String(result.continueCursor)
  return JSON.stringify(result)
}

function schedule({ internals, hasFunction }: SyscallHost, args: unknown): string {
  const { name, functionHandle, args: json, ts } = Scheduled.parse(args)
  const path = (name ?? functionHandle?.replace(/^function:\/\/;/, ''))?.replace('.js:', ':')
  if (path === undefined) throw new RequestError('Functions of components cannot be scheduled on the stand-in')
  if (!hasFunction(path)) throw new RequestError(`Could not find function '${path}' to schedule`)
  return internals.components[''].db.insert('_scheduled_functions', {
    name: path,
    args: [jsonToConvex(json)],
    scheduledTime: ts * 1000,
    state: { kind: 'pending' },
  })
}

function cancel({ internals }: SyscallHost, args: unknown): null {
  const { id } = Id.parse(args)
  const { db } = internals.components['']
  const state = db.get('_scheduled_functions', id)?.state
  const kind = typeof state === 'object' && state !== null && 'kind' in state ? state.kind : null
  if (kind === 'pending' || kind === 'inProgress') {
    db.patch('_scheduled_functions', id, { state: { kind: 'canceled' }, completedTime: Date.now() })
  }
  return null
}

function deleteFile({ internals }: SyscallHost, args: unknown): null {
  internals.components[''].db.delete('_storage', StorageId.parse(args).storageId)
  return null
}

async function storeBlob(host: SyscallHost, args: Record<string, unknown>): Promise<string> {
  const blob = z.instanceof(Blob).parse(args.blob)
  const received = await host.files.receive(blob.stream(), blob.type || null)
  return await host.transaction(() => {
    const id = host.internals.components[''].db.insert('_storage', received.fields)
    received.keepAs(id)
    return id
  })
}

async function getBlob(host: SyscallHost, args: Record<string, unknown>): Promise<Blob | null> {
  const { storageId } = StorageId.parse(args)
  const document: Record<string, Value> | null = host.internals.components[''].db.get('_storage', storageId)
  if (document === null) return null
  const type = document.contentType
  return await host.files.blob(storageId, typeof type === 'string' ? type : null)
}

function noteTable(source: z.infer<typeof Source>): void {
  noteRead('tableName' in source ? source.tableName : (source.indexName.split('.')[0] ?? ''))
}

function noteRead(key: string): void {
  currentExecution()?.call.reads.add(key)
}
