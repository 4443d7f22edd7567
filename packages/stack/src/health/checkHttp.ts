import { request } from 'node:http'
import type { Finding, Try } from './check.ts'

/** What a stand-in answers with on every response: `<name> <version>`. */
export const STAND_IN_HEADER = 'nebula-stand-in'

/**
 * Asks for a path and compares the status. Every try has its own connection: one kept from before would go on talking
 * to a server that is being replaced.
 */
export async function checkHttp(check: { path: string; status: number }, target: Try): Promise<Finding> {
  return await new Promise((resolve, reject) => {
    const { host, port, signal } = target
    const sent = request(
      { host, port, path: check.path, agent: false, signal, headers: { connection: 'close' } },
      (response) => {
        response.resume()
        response.on('error', reject)
        response.on('end', () => {
          const standIn = response.headers[STAND_IN_HEADER]
          const ok = response.statusCode === check.status
          resolve({
            ok,
            ...(ok ? {} : { detail: `GET ${check.path} answered ${response.statusCode}, expected ${check.status}` }),
            ...(typeof standIn === 'string' ? { standIn } : {}),
          })
        })
      },
    )
    sent.on('error', reject)
    sent.end()
  })
}
