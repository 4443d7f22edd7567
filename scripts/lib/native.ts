import { spawn } from 'node:child_process'
import path from 'node:path'
import { endpointUrl, findEndpoint } from '@nebula/stack/catalogue/endpoints'
import { ExitCode } from '@nebula/stack/exitCodes'
import { requireNative } from '@nebula/stack/native/requirements'
import { openStack, type Stack } from './stack.ts'

const APP = 'apps/desktop'

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
    stdio: 'inherit',
  })
  const stop = () => child.kill('SIGTERM')
  signal.addEventListener('abort', stop)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  signal.throwIfAborted()
  return code === 0 ? ExitCode.Green : ExitCode.Failed
}

/** Where the built page finds the stack of this machine: no dev server passes it on there. */
export function pageSettings({ catalogue }: Stack): Readonly<Record<string, string>> {
  return {
    VITE_CONVEX_URL: process.env.VITE_CONVEX_URL ?? endpointUrl(catalogue, 'convex-backend', 'api'),
    VITE_TEMPORAL_UI_URL:
      process.env.VITE_TEMPORAL_UI_URL ?? `http://localhost:${findEndpoint(catalogue, 'temporal-ui', 'ui').localPort}`,
  }
}
