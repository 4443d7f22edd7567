import { ExitCode } from '../errors/exitCodes.ts'
import { NebulaError } from '../errors/nebulaError.ts'
import type { Check, CheckResult, PreflightContext } from './check.ts'

export interface PreflightResult extends CheckResult {
  readonly id: string
  readonly title: string
  /** How long the check took, milliseconds. */
  readonly ms: number
}

/**
 * Runs checks, all at the same time.
 * @param onResult called for each as soon as it is done.
 * @returns the results in the order of the checks. A check that throws has failed.
 */
export async function runPreflight(
  checks: readonly Check[],
  context: PreflightContext,
  onResult?: (result: PreflightResult) => void,
): Promise<readonly PreflightResult[]> {
  return await Promise.all(
    checks.map(async ({ id, title, run }) => {
      const start = performance.now()
      const found = await run(context).catch(failure)
      const result = { id, title, ...found, ms: Math.round(performance.now() - start) }
      onResult?.(result)
      return result
    }),
  )
}

/**
 * One error for all checks that failed: each with what was found and what to do.
 * @returns null when none failed.
 */
export function preflightError(results: readonly PreflightResult[]): NebulaError | null {
  const failed = results.filter((result) => result.status === 'fail')
  if (failed.length === 0) return null
  const fixes = failed.map((result) => result.fix).filter((fix) => fix !== undefined)
  return new NebulaError(failed.map((result) => result.message).join('\n'), {
    code: 'PREFLIGHT_FAILED',
    hint: [...new Set(fixes)].join('\n') || undefined,
    exitCode: ExitCode.Precondition,
    problems: failed.map(({ message, fix }) => ({ message, ...(fix === undefined ? {} : { hint: fix }) })),
    details: failed,
  })
}

function failure(error: unknown): CheckResult {
  const message = error instanceof Error ? error.message : String(error)
  return {
    status: 'fail',
    message,
    ...(error instanceof NebulaError && error.hint !== undefined ? { fix: error.hint } : {}),
  }
}
