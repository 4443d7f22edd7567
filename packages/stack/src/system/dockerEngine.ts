import { z } from 'zod'
import { attempt } from './attempt.ts'
import { exec } from './exec.ts'
import { lastLines, parseJson } from './text.ts'

const TIMEOUT_MS = 10_000

const Version = z.object({
  Server: z.object({ Version: z.string(), ApiVersion: z.string(), MinAPIVersion: z.string().default('1.0') }).nullish(),
})

/** The engine that the docker command talks to, or why there is none. */
export type DockerEngine =
  | {
      readonly state: 'running'
      readonly version: string
      readonly apiVersion: string
      readonly minimumApiVersion: string
    }
  | { readonly state: 'not-installed' | 'not-running' | 'no-permission' | 'unclear'; readonly said: string }

/** Asks Docker who it is. Ends within 10 s also when it hangs. */
export async function findDockerEngine(): Promise<DockerEngine> {
  const argv = ['docker', 'version', '--format', '{{json .}}']
  // A DOCKER_API_VERSION from outside would keep the docker command from finding out what the engine speaks.
  const asked = await attempt(exec(argv, { env: { DOCKER_API_VERSION: undefined }, timeoutMs: TIMEOUT_MS }))
  if (asked instanceof Error) return { state: isMissing(asked) ? 'not-installed' : 'not-running', said: asked.message }
  const server = Version.safeParse(parseJson(asked.stdout)).data?.Server
  if (server) {
    return {
      state: 'running',
      version: server.Version,
      apiVersion: server.ApiVersion,
      minimumApiVersion: server.MinAPIVersion,
    }
  }
  const said = lastLines(asked.stderr, 1)
  if (/permission denied/i.test(said)) return { state: 'no-permission', said }
  if (/cannot connect|is the docker daemon running|no such file|connection refused|pipe/i.test(said))
    return { state: 'not-running', said }
  return { state: 'unclear', said }
}

/**
 * The newest version of its API that the running engine speaks: `1.41`. ctlptl's client does not negotiate, so whoever
 * calls ctlptl sets DOCKER_API_VERSION to it when the engine is older than that client (1.52 in ctlptl 0.9.3).
 * @returns null when no engine answers.
 */
export async function dockerApiVersion(): Promise<string | null> {
  const engine = await findDockerEngine()
  return engine.state === 'running' ? engine.apiVersion : null
}

/**
 * The version of the API that the docker command speaks with the engine: the newest that both know, or the one that
 * DOCKER_API_VERSION demands. It decides which flags the command takes.
 * @param docker how to call it.
 * @returns null when no engine answers.
 */
export async function dockerClientApiVersion(docker: readonly string[] = ['docker']): Promise<string | null> {
  const argv = [...docker, 'version', '--format', '{{.Client.APIVersion}}']
  const asked = await attempt(exec(argv, { timeoutMs: TIMEOUT_MS }))
  return asked instanceof Error || asked.exitCode !== 0 ? null : asked.stdout.trim()
}

function isMissing(error: Error): boolean {
  return 'code' in error && error.code === 'TOOL_MISSING'
}
