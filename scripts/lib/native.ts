import { spawn } from 'node:child_process'
import path from 'node:path'
import { endpointUrl, findEndpoint } from '@nebula/stack/catalogue/endpoints'
import { ExitCode } from '@nebula/stack/errors/exitCodes'
import { requireNative } from '@nebula/stack/preflight/native'
import { attempt } from '@nebula/stack/system/attempt'
import { identifyProcess, terminate } from '@nebula/stack/system/processes'
import { openStack, type Stack } from './stack.ts'

const APP = 'apps/desktop'
const GRACE_MS = 5_000

/**
 * Runs a tool for the native app, with this terminal, once everything that it needs is there.
 * @param argv program and arguments, run in apps/desktop.
 * @param env further variables.
 * @throws NebulaError with all that is missing for a native build, each with what installs it.
 */
export async function runNative(
  argv: readonly string[],
  signal: AbortSignal,
  env: (stack: Stack) => Readonly<Record<string, string>> = () => ({}),
): Promise<ExitCode> {
  await requireNative()
  const stack = await openStack()
  const [program = '', ...args] = argv
  const child = spawn(program, args, {
    cwd: path.join(stack.root, APP),
    env: {
      ...process.env,
      ...env(stack),
      PATH: `${path.join(stack.root, APP, 'node_modules/.bin')}:${process.env.PATH}`,
    },
    // A group of its own: Tauri's CLI ends without ending the window that it opened.
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const closed = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  const identity = child.pid === undefined ? null : await identifyProcess(child.pid)
  let ending: Promise<unknown> | undefined
  const stop = () => {
    if (identity) ending ??= attempt(terminate(identity, { signal: 'SIGTERM', graceMs: GRACE_MS, group: 'at-once' }))
  }
  signal.addEventListener('abort', stop)
  // A terminal that is closed tells only its own groups.
  process.on('SIGHUP', stop)
  if (signal.aborted) stop()
  try {
    const code = await closed
    const failed = await ending
    if (failed instanceof Error) throw failed
    signal.throwIfAborted()
    return code === 0 ? ExitCode.Green : ExitCode.Failed
  } finally {
    process.off('SIGHUP', stop)
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
