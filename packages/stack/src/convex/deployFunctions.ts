import path from 'node:path'
import { endpointUrl } from '../catalogue/endpoints.ts'
import type { Catalogue } from '../catalogue/schema.ts'
import { SECRETS_FILE } from '../checkout/paths.ts'
import { ExitCode } from '../errors/exitCodes.ts'
import { NebulaError } from '../errors/nebulaError.ts'
import type { Secrets } from '../secrets/secrets.ts'
import { attempt } from '../system/attempt.ts'
import { exec } from '../system/exec.ts'
import { placedReason } from '../system/placedReason.ts'
import { lastLines } from '../system/text.ts'
import { until } from '../system/until.ts'
import { type CanonicalUrls, setCanonicalUrls } from './canonicalUrls.ts'
import { cliEnvironment, writeCliEnvironment } from './cliEnvironment.ts'

export interface DeployOptions {
  readonly root: string
  readonly catalogue: Catalogue
  readonly secrets: Secrets
  /** Where browsers reach the backend, if not where this machine does. */
  readonly canonicalUrls?: CanonicalUrls | undefined
  readonly onLine: (line: string) => void
  readonly signal?: AbortSignal | undefined
  /** Milliseconds that the backend has to answer and to take the admin key. Default: a minute. */
  readonly deadlineMs?: number
}

const PACKAGE = 'packages/convex'
const BACKEND_DEADLINE_MS = 60_000
const DEPLOY_TIMEOUT_MS = 180_000

/**
 * Deploys packages/convex to the stack's backend, with the environment that the functions need, and lets the Convex CLI
 * find that backend when a person calls it there. The admin key gets to the CLI by its environment, never on a command line.
 * @throws NebulaError when the backend does not answer as the instance of these secrets, or the deploy fails.
 */
export async function deployFunctions(options: DeployOptions): Promise<void> {
  const { root, secrets, onLine } = options
  const url = endpointUrl(options.catalogue, 'convex-backend', 'api')
  await backendAnswers(url, options)
  if (options.canonicalUrls) await setCanonicalUrls(url, secrets.convexAdminKey, options.canonicalUrls)
  const folder = path.join(root, PACKAGE)
  const leading = cliEnvironment(url, secrets)
  const written = await attempt(writeCliEnvironment(folder, leading))
  if (written instanceof Error) onLine(`\`npx convex\` in ${PACKAGE} will not find this stack: ${written.message}`)
  const cli = {
    cwd: folder,
    env: {
      ...leading,
      // Either of these would win over the self-hosted deployment.
      CONVEX_DEPLOY_KEY: undefined,
      CONVEX_DEPLOYMENT: undefined,
      // No prompts, and no error reports sent from a machine that may be offline.
      CI: '1',
    },
    timeoutMs: DEPLOY_TIMEOUT_MS,
    onLine,
    ...{ signal: options.signal },
  }
  // First: auth.config.ts reads it while it is deployed. These are public keys, so they may stand on a command line.
  const env = await exec(['convex', 'env', 'set', 'NEBULA_SERVICE_JWKS', secrets.serviceJwks], cli)
  if (env.exitCode !== 0) throw deployFailed('setting its environment', env.stderr, root)
  const deploy = await exec(['convex', 'deploy', '--yes', '--typecheck', 'disable', '--codegen', 'disable'], cli)
  if (deploy.exitCode !== 0) throw deployFailed('deploying packages/convex', deploy.stderr, root)
}

/** The one of before may still be there for a moment, with another secret. */
async function backendAnswers(url: string, { secrets, signal, deadlineMs }: DeployOptions): Promise<void> {
  const { convexInstanceName: name, convexAdminKey: key } = secrets
  let what = 'does not answer'
  let isOurs = false
  await until(
    async () => {
      const found = await instanceName(url)
      if (found === undefined) return false
      what = found === name ? `refuses the admin key in ${SECRETS_FILE}` : `is the instance "${found}", not "${name}"`
      isOurs = found === name && (await takesKey(url, key))
      return isOurs || found !== name
    },
    { deadlineMs: deadlineMs ?? BACKEND_DEADLINE_MS, signal },
  )
  if (isOurs) return
  throw new NebulaError(`the Convex backend at ${url} ${what}`, {
    code: 'CONVEX_UNREACHABLE',
    hint: 'npm run status',
    exitCode: ExitCode.ServiceFailed,
  })
}

/** Only a refusal counts: whatever else is wrong, the deploy says better. */
async function takesKey(url: string, adminKey: string): Promise<boolean> {
  const headers = { Authorization: `Convex ${adminKey}` }
  const answer = fetch(`${url}/api/check_admin_key`, { headers, signal: AbortSignal.timeout(2_000) })
  return await answer.then(
    ({ status }) => status !== 401 && status !== 403,
    () => false,
  )
}

async function instanceName(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(`${url}/instance_name`, { signal: AbortSignal.timeout(2_000) })
    return response.ok ? await response.text() : undefined
  } catch {
    return undefined
  }
}

function deployFailed(what: string, stderr: string, root: string): NebulaError {
  // A backend names files as seen from the functions' folder, the CLI as seen from the package.
  const lines = stderr.replaceAll('../convex/', 'convex/').split('\n')
  const placed = placedReason(lines, { root, cwd: path.join(root, PACKAGE) })
  return new NebulaError(placed ?? `${what} failed:\n${lastLines(stderr, 15)}`, {
    code: 'CONVEX_DEPLOY_FAILED',
    hint: 'mend it in packages/convex (`npm run pnpm -- --filter @nebula/convex check` finds wrong types), then: npm run deploy-functions',
    exitCode: ExitCode.ServiceFailed,
  })
}
