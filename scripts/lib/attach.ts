import { acquireLock } from '@nebula/stack/checkout/lock'
import type { StackDriver } from '@nebula/stack/driver/stackDriver'
import { ExitCode } from '@nebula/stack/errors/exitCodes'
import { chooseRenderer } from './render/choose.ts'

/**
 * Shows what the services say until Ctrl-C, then stops the stack; or until somebody else has stopped it.
 * @returns what to exit with.
 */
export async function attach(root: string, driver: StackDriver, signal: AbortSignal): Promise<ExitCode> {
  process.stdout.write('\n')
  await driver.logs({
    services: [],
    tail: 0,
    follow: true,
    signal,
    onLine: (line) => void process.stdout.write(`${line}\n`),
  })
  if (!signal.aborted) return ExitCode.Green
  await using _ = await acquireLock(root, 'down')
  const renderer = chooseRenderer(driver.catalogue, { json: false, quiet: false })
  try {
    await driver.down(renderer.onEvent)
  } finally {
    renderer.stop()
  }
  return ExitCode.Interrupted
}
