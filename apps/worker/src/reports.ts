import { api } from '@nebula/convex/api'
import { ApplicationFailure } from '@temporalio/common'
import { ConvexHttpClient } from 'convex/browser'
import type { FunctionArgs, FunctionReference, FunctionReturnType } from 'convex/server'
import { ConvexError } from 'convex/values'

type Worker = typeof api.worker

/** What a worker tells Convex about a run. Every report carries a key: sent again, it counts once. */
export interface Reports {
  begin: Send<Worker['begin']>
  stepStarted: Send<Worker['stepStarted']>
  stepFailed: Send<Worker['stepFailed']>
  stepCompleted: Send<Worker['stepCompleted']>
  end: Send<Worker['end']>
  /** The runs that have not ended. */
  open(): Promise<FunctionReturnType<Worker['open']>>
}

type Send<F extends FunctionReference<'mutation'>> = (
  runId: string,
  key: string,
  report: FunctionArgs<F>['report'],
) => Promise<FunctionReturnType<F>>

/** Milliseconds for an answer: a backend that vanished without closing its connections gives none. */
const ANSWER_DEADLINE_MS = 15_000

/**
 * Calls Convex over HTTP. What Convex refuses on purpose is a failure that Temporal does not retry; what it could not take
 * (no connection, a server error, a key that it does not know yet) is thrown as it is, and retried.
 */
export function convexReports(url: string, token: () => Promise<string>): Reports {
  // A client of its own for every call: one client sends its mutations one after the other.
  const connect = async () => {
    const client = new ConvexHttpClient(url, { logger: false, fetch: fetchWithDeadline })
    client.setAuth(await token())
    return client
  }
  const send =
    <F extends FunctionReference<'mutation'>>(reference: F): Send<F> =>
    async (runId, key, report) => {
      const client = await connect()
      try {
        // All of them take { runId, key, report }; the compiler cannot see it through F.
        const args = { runId, key, report } as unknown as FunctionArgs<F>
        return await client.mutation(reference, args as never)
      } catch (error) {
        throw isRefusal(error) ? ApplicationFailure.nonRetryable(error.data.message, error.data.code) : error
      }
    }
  return {
    begin: send(api.worker.begin),
    stepStarted: send(api.worker.stepStarted),
    stepFailed: send(api.worker.stepFailed),
    stepCompleted: send(api.worker.stepCompleted),
    end: send(api.worker.end),
    open: async () => await (await connect()).query(api.worker.open, {}),
  }
}

const fetchWithDeadline: typeof fetch = async (input, init) =>
  await fetch(input, { ...init, signal: AbortSignal.timeout(ANSWER_DEADLINE_MS) })

/** A refusal that stays one. Not NOT_ALLOWED: the deployment may get the key that belongs to ours in a moment. */
function isRefusal(error: unknown): error is ConvexError<{ code: string; message: string }> {
  if (!(error instanceof ConvexError)) return false
  const data: unknown = error.data
  return typeof data === 'object' && data !== null && 'message' in data && 'code' in data && data.code !== 'NOT_ALLOWED'
}
