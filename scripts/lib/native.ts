import path from 'node:path'
import { endpointUrl, findEndpoint } from '@nebula/stack/catalogue/endpoints'
import { ExitCode } from '@nebula/stack/errors/exitCodes'
import { requireNative } from '@nebula/stack/preflight/native'
import { $ } from 'zx'
import { AS_ITSELF, groupEnded, type RunTool } from './programs.ts'
import { openStack, type Stack } from './stack.ts'

const APP = 'apps/desktop'
const GRACE_MS = 5_000

/**
 * Runs a tool for the native app, with this terminal, once everything that it needs is there.
 * @param runTool runs it with a `$` for apps/desktop.
 * @param env further variables.
 * @throws NebulaError with all that is missing for a native build, each with what installs it.
 */
export async function runNative(
  runTool: RunTool,
  signal: AbortSignal,
  env: (stack: Stack) => Readonly<Record<string, string>> = () => ({}),
): Promise<ExitCode> {
  await requireNative()
  const stack = await openStack()
  const inApp = $({
    ...AS_ITSELF,
    cwd: path.join(stack.root, APP),
    env: { ...process.env, ...env(stack) },
    preferLocal: [path.join(stack.root, APP)],
    // A group of its own: Tauri's CLI ends without ending the window that it opened.
    detached: true,
    nothrow: true,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const running = runTool(inApp)
  // A terminal that is closed tells only its own groups.
  const hungUp = new AbortController()
  const hangUp = () => hungUp.abort()
  process.on('SIGHUP', hangUp)
  try {
    const told = AbortSignal.any([signal, hungUp.signal])
    const { output } = await groupEnded(running, { signal: told, graceMs: GRACE_MS })
    signal.throwIfAborted()
    return output.ok ? ExitCode.Green : ExitCode.Failed
  } finally {
    process.off('SIGHUP', hangUp)
  }
}

/** Where the built page finds the stack of this machine: no dev server passes it on there. */
export function pageSettings({ catalogue }: Stack): Readonly<Record<string, string>> {
  return {
    VITE_CONVEX_URL: process.env.VITE_CONVEX_URL ?? endpointUrl(catalogue, 'convex-backend', 'api'),
    VITE_TEMPORAL_UI_URL:
      process.env.VITE_TEMPORAL_UI_URL ?? `http://localhost:${findEndpoint(catalogue, 'temporal-ui', 'ui').localPort}`,
  }
}
