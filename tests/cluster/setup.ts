import { expect } from 'vitest'
import { localPortOf } from '../lib/localPort.ts'
import { type CommandOptions, type CommandResult, nebula, run } from '../lib/nebula.ts'

/** The checkout that the cluster tests work in; globalSetup.ts makes it. */
export const root = process.env.NEBULA_TEST_CHECKOUT ?? ''

export const CONTEXT = 'k3d-nebula'

/** Types a command that has to succeed, and fails with all of its output when it does not. */
export async function succeed(args: readonly string[], options?: CommandOptions): Promise<CommandResult> {
  const result = await nebula(root, args, options)
  expect(result.exitCode, `npm run ${args.join(' ')}\n${result.output}`).toBe(0)
  return result
}

/** kubectl in the stack's namespace; fails with its output when it fails. */
export async function kubectl(...args: readonly string[]): Promise<string> {
  const result = await run(root, ['kubectl', '--context', CONTEXT, '-n', 'nebula', ...args])
  expect(result.exitCode, `kubectl ${args.join(' ')}\n${result.output}`).toBe(0)
  return result.stdout.trim()
}

/** Every pod as `name restarts uid`, sorted. */
export async function pods(): Promise<readonly string[]> {
  const format = String.raw`{range .items[*]}{.metadata.name} {.status.containerStatuses[*].restartCount} {.metadata.uid}{"\n"}{end}`
  return (await kubectl('get', 'pods', '-o', `jsonpath=${format}`)).split('\n').sort()
}

/** A port of the stack, from stack.yaml. */
export function localPort(owner: string, name: string): number {
  return localPortOf(root, owner, name)
}

/** What Tilt built for a deployment of the running stack, by the name that this machine's Docker has for it. */
export async function builtImage(name: string): Promise<string> {
  const image = await kubectl('get', `deployment/${name}`, '-o', 'jsonpath={.spec.template.spec.containers[0].image}')
  return image.replace(/^[^/]+/, `127.0.0.1:${localPort('registry', 'api')}`)
}
