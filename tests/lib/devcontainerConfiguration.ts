import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { z } from 'zod'
import { repository } from './checkout.ts'

/** The reference implementation of the devcontainer specification. */
export const devcontainerCli = path.join(repository, 'node_modules/@devcontainers/cli/devcontainer.js')

const Output = z.object({ configuration: z.record(z.string(), z.unknown()) })

/**
 * What the reference implementation makes of a checkout's devcontainer.json.
 * @throws Error when it does not accept the file.
 */
export function readConfiguration(root: string): Readonly<Record<string, unknown>> {
  // It looks for a container, and fails without Docker: instead of that it asks a program that knows of none.
  const argv = [devcontainerCli, 'read-configuration', '--workspace-folder', root, '--docker-path', 'true']
  const output = execFileSync(process.execPath, argv, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  return Output.parse(JSON.parse(output)).configuration
}
