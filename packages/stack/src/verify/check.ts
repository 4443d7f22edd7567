/** One thing that `verify` looked at. */
export interface Check {
  readonly name: string
  readonly ok: boolean
  readonly ms: number
  readonly detail?: string
  /** The service whose logs tell more, when it failed. */
  readonly service?: string
}

/**
 * Runs one check and times it. What it throws is the check's failure, not ours.
 * @param action returns what to say when it went well.
 */
export async function runCheck(
  name: string,
  service: string,
  action: () => Promise<string | undefined>,
): Promise<Check> {
  const start = performance.now()
  const elapsed = () => Math.round(performance.now() - start)
  try {
    const detail = await action()
    return { name, ok: true, ms: elapsed(), service, ...(detail ? { detail } : {}) }
  } catch (error) {
    return { name, ok: false, ms: elapsed(), service, detail: error instanceof Error ? error.message : String(error) }
  }
}
