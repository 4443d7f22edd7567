import { ConvexClient, ConvexHttpClient } from 'convex/browser'
import type { FunctionReference } from 'convex/server'
import { onTestFinished } from 'vitest'
import { z } from 'zod'
import { ADMIN_KEY } from './fixture.ts'
import type { Server } from './server.ts'

const WAIT_DEADLINE_MS = 20_000

export function httpClient(server: Pick<Server, 'url'>): ConvexHttpClient {
  return new ConvexHttpClient(server.url, { logger: false })
}

/** A WebSocket client that is closed when the test is over. */
export function liveClient(server: Pick<Server, 'url'>): ConvexClient {
  const client = new ConvexClient(server.url, { logger: false, unsavedChangesWarning: false })
  onTestFinished(() => client.close())
  return client
}

/** Collects what a subscription delivers, and waits for a result that fits. */
export function watch<T>(client: ConvexClient, query: FunctionReference<'query'>, args: Record<string, unknown>) {
  const results: T[] = []
  const errors: Error[] = []
  const wake = new Set<() => void>()
  const notify = () => {
    for (const resolve of wake) resolve()
  }
  const stop = client.onUpdate(
    query,
    args,
    (value: T) => {
      results.push(value)
      notify()
    },
    (error) => {
      errors.push(error)
      notify()
    },
  )
  const until = async (fits: (value: T) => boolean): Promise<T> => {
    const deadline = AbortSignal.timeout(WAIT_DEADLINE_MS)
    for (;;) {
      const last = results.at(-1)
      if (last !== undefined && fits(last)) return last
      await new Promise<void>((resolve, reject) => {
        wake.add(resolve)
        deadline.addEventListener('abort', () => reject(new Error(`only got ${JSON.stringify(last)}`)))
      })
    }
  }
  return { results, errors, until, stop }
}

/** Asks again until the answer fits. */
export async function eventually<T>(ask: () => T | Promise<T>, fits: (value: T) => boolean): Promise<T> {
  const end = performance.now() + WAIT_DEADLINE_MS
  for (;;) {
    const value = await ask()
    if (fits(value)) return value
    if (performance.now() > end) throw new Error(`still ${JSON.stringify(value)}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Sets variables of the deployment as its administrator; null removes one. */
export async function setEnvironment(
  server: Pick<Server, 'url'>,
  variables: Record<string, string | null>,
): Promise<Response> {
  return await fetch(`${server.url}/api/update_environment_variables`, {
    method: 'POST',
    headers: { Authorization: `Convex ${ADMIN_KEY}` },
    body: JSON.stringify({ changes: Object.entries(variables).map(([name, value]) => ({ name, value })) }),
  })
}

/** A JSON object that somebody answered with. */
export async function json(response: Response): Promise<Record<string, unknown>> {
  return z.record(z.string(), z.unknown()).parse(await response.json())
}
