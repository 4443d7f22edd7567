import postgres from 'postgres'
import type { Finding, Try } from './check.ts'

/** Logs in and asks for `select 1`: a port forward takes connections long before the server behind it answers. */
export async function checkPostgres(
  check: { user: string; database: string },
  password: string,
  { host, port, timeoutMs, signal }: Try,
): Promise<Finding> {
  const sql = postgres({
    host,
    port,
    user: check.user,
    database: check.database,
    password,
    max: 1,
    ssl: false,
    // Seconds. One query needs no description of the types.
    connect_timeout: timeoutMs / 1000,
    fetch_types: false,
    // The client would try again by itself, with growing pauses: the caller decides about the next try.
    backoff: false,
    onnotice: () => {},
  })
  const aborted = Promise.withResolvers<never>()
  const abort = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    await Promise.race([sql`select 1`, aborted.promise])
    return { ok: true }
  } finally {
    signal.removeEventListener('abort', abort)
    await sql.end({ timeout: 0 })
  }
}
