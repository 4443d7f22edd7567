import { NebulaError } from '../errors/nebulaError.ts'
import { exec } from '../system/exec.ts'
import { lastLines } from '../system/text.ts'

const TIMEOUT_MS = 60_000

/** The secrets of a codespace, or variables of a machine, that Docker Hub is logged in to with. */
export const DOCKER_HUB_SECRETS = { user: 'DOCKERHUB_USERNAME', token: 'DOCKERHUB_TOKEN' } as const

/**
 * Logs in to Docker Hub, where both secrets are set: without an account all of a network share one small allowance of
 * pulls, and a codespace's network is everybody's. The token goes to Docker by its standard input.
 * @returns what was done, for a person.
 * @throws NebulaError when only one of the two is set, or Docker Hub does not take them.
 */
export async function logInToDockerHub(env: Readonly<Record<string, string | undefined>>): Promise<string> {
  const user = env[DOCKER_HUB_SECRETS.user]
  const token = env[DOCKER_HUB_SECRETS.token]
  if (!user && !token) return 'not asked for'
  if (!user || !token) throw incomplete(user ? DOCKER_HUB_SECRETS.token : DOCKER_HUB_SECRETS.user)
  const argv = ['docker', 'login', '--username', user, '--password-stdin']
  const { exitCode, stderr } = await exec(argv, { input: token, timeoutMs: TIMEOUT_MS })
  if (exitCode === 0) return `as ${user}`
  throw new NebulaError(`Docker Hub does not take ${user} and its token: ${lastLines(stderr, 1)}`, {
    code: 'DOCKER_HUB_REFUSED',
    hint: `check the secrets ${DOCKER_HUB_SECRETS.user} and ${DOCKER_HUB_SECRETS.token}`,
  })
}

function incomplete(missing: string): NebulaError {
  return new NebulaError(`the secret ${missing} is not set, the other one for Docker Hub is`, {
    code: 'DOCKER_HUB_INCOMPLETE',
    hint: `set ${missing}, or remove the other one`,
  })
}
