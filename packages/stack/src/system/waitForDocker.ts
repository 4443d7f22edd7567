import { ExitCode } from '../errors/exitCodes.ts'
import { NebulaError } from '../errors/nebulaError.ts'
import { type DockerEngine, findDockerEngine } from './dockerEngine.ts'
import { until } from './until.ts'

export interface WaitForDockerOptions {
  readonly deadlineMs: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Waits for a Docker that is about to start: in a devcontainer it starts in the background, beside the lifecycle hooks.
 * @returns its version.
 * @throws NebulaError when it does not answer in time; at once when there is no docker command.
 */
export async function waitForDocker(options: WaitForDockerOptions): Promise<string> {
  let engine: DockerEngine | undefined
  await until(async () => {
    engine = await findDockerEngine()
    return engine.state === 'running' || engine.state === 'not-installed'
  }, options)
  if (engine?.state === 'running') return engine.version
  const seconds = Math.round(options.deadlineMs / 1000)
  const message =
    engine?.state === 'not-installed'
      ? 'Docker is not installed, or not on PATH'
      : `Docker did not answer within ${seconds} s: ${engine?.said ?? ''}`
  throw new NebulaError(message, {
    code: 'DOCKER_UNREACHABLE',
    hint: 'npm run doctor',
    exitCode: ExitCode.Precondition,
  })
}
