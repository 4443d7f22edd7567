import { followServices, type StartResult } from '../driver/followServices.ts'
import { reportChecks } from '../driver/reportChecks.ts'
import type { UpOptions } from '../driver/stackDriver.ts'
import { loadSecrets } from '../secrets/secrets.ts'
import { hasStagedSecrets } from '../secrets/stagedSecrets.ts'
import { downEmbedded } from './down.ts'
import { supervisorWatch } from './follow.ts'
import { joinStack } from './join.ts'
import { checkMachine } from './preflight.ts'
import { type StartOptions, startStack } from './start.ts'

/**
 * Brings the stack up as plain processes: checks, secrets, programs, supervisor, services. Does again only what is
 * missing. What it started itself it ends again when the signal aborts.
 * @throws NebulaError when a precondition is not met or a step before the services fails.
 */
export async function upEmbedded(stack: StartOptions, options: UpOptions): Promise<StartResult> {
  const { onEvent, signal } = options
  // What runs keeps the old ones until it ends.
  if (hasStagedSecrets(stack.root)) await downEmbedded(stack, onEvent)
  const running = await stack.link.look()
  await reportChecks(onEvent, () => checkMachine(stack, running))
  const isThere = running.kind === 'supervised' || running.kind === 'unwritten'
  if (isThere) await joinStack(stack, await stack.link.written(running), onEvent)
  else await startStack(stack, running, options)
  const secrets = await loadSecrets(stack.root).catch(() => null)
  const began = performance.now()
  try {
    return await followServices(
      {
        catalogue: stack.catalogue,
        deadlineMs: options.timeoutMs,
        onChange: (status) => onEvent({ type: 'service', status, ms: Math.round(performance.now() - began) }),
        signal,
      },
      supervisorWatch(stack, secrets),
    )
  } catch (error) {
    if (signal?.aborted && !isThere) await downEmbedded(stack, onEvent)
    throw error
  }
}
