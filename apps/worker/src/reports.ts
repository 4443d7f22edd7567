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
}

type Send<F extends FunctionReference<'mutation'>> = (
  runId: string,
  key: string,
  report: FunctionArgs<F>['report'],
) => Promise<FunctionReturnType<F>>

/**
 * Reports over HTTP. What Convex refuses on purpose is a failure that Temporal does not retry; what it could not take
 * (no connection, a server error) is thrown as it is, and retried.
 */
export function convexReports(url: string, token: () => Promise<string>): Reports {
  const send =
    <F extends FunctionReference<'mutation'>>(reference: F): Send<F> =>
    async (runId, key, report) => {
      // A client of its own: one client sends its mutations one after the other.
      const client = new ConvexHttpClient(url, { logger: false })
      client.setAuth(await token())
      try {
        // All of them take { runId, key, report }; the compiler cannot see it through F.
        const args = { runId, key, report } as unknown as FunctionArgs<F>
        return await client.mutation(reference, args as never)
      } catch (error) {
        if (error instanceof ConvexError) throw ApplicationFailure.nonRetryable(describe(error), 'ConvexError')
        throw error
      }
    }
  return {
    begin: send(api.worker.begin),
    stepStarted: send(api.worker.stepStarted),
    stepFailed: send(api.worker.stepFailed),
    stepCompleted: send(api.worker.stepCompleted),
    end: send(api.worker.end),
  }
}

function describe(error: Error & { data: unknown }): string {
  const { data } = error
  if (typeof data === 'object' && data !== null && 'message' in data) return String(data.message)
  return error.message
}
