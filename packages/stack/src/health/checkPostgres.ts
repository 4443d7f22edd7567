import { once } from 'node:events'
import { connect } from 'node:net'
import postgres from 'postgres'
import type { Finding, Try } from './check.ts'

/** Logs in and asks for `select 1`: a port forward takes connections long before the server behind it answers. */
export async function checkPostgres(
  check: { user: string; database: string },
  password: string,
  target: Try,
): Promise<Finding> {
  // Not in the types of postgres, but in its documentation: "Custom socket".
  const options = {
    socket: oneConnection(target),
    // For its messages; it would take them from PGHOST and PGPORT.
    host: target.host,
    port: target.port,
    user: check.user,
    database: check.database,
    password,
    max: 1,
    ssl: false,
    // One query needs no description of the types.
    fetch_types: false,
    onnotice: () => {},
  }
  const sql = postgres(options)
  try {
    await sql`select 1`
    return { ok: true }
  } finally {
    await sql.end({ timeout: 0 })
  }
}

/**
 * Opens the one connection of a try, which ends with it. Where a port forward closes it, the client would open another at
 * once, hundreds a second: the caller decides about the next try.
 */
function oneConnection({ host, port, signal }: Try) {
  let wasOpened = false
  return async () => {
    if (wasOpened) throw new Error('the connection was closed')
    wasOpened = true
    const socket = connect({ host, port, signal })
    await once(socket, 'connect')
    return socket
  }
}
