import { once } from 'node:events'
import { connect } from 'node:net'
import type { Finding, Try } from './probe.ts'

/** Opens a connection and closes it again. */
export async function checkTcp({ host, port, signal }: Try): Promise<Finding> {
  const socket = connect({ host, port })
  try {
    await once(socket, 'connect', { signal })
    return { ok: true }
  } finally {
    socket.destroy()
  }
}
