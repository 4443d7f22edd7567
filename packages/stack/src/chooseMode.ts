import type { Mode } from './driver/events.ts'
import { ExitCode } from './errors/exitCodes.ts'
import { NebulaError } from './errors/nebulaError.ts'
import { findDockerEngine } from './system/dockerEngine.ts'
import { exec } from './system/exec.ts'

export interface ModeChoice {
  readonly mode: Mode
  /** For a person: "Docker, k3d, ctlptl, Tilt and kubectl are here". */
  readonly reason: string
}

const TOOLS = ['k3d', 'ctlptl', 'tilt', 'kubectl'] as const
const DOCKER_STATES = {
  'not-installed': 'Docker is not installed',
  'not-running': 'Docker is not running',
  'no-permission': 'Docker does not let this user in',
  unclear: 'Docker does not answer as it should',
} as const
const PROBE_TIMEOUT_MS = 10_000

/**
 * Chooses how to run the stack: what was asked for, or the cluster when all it needs is here, or embedded.
 * @param asked the value of `--mode`, with NEBULA_MODE as its default.
 * @throws NebulaError when `asked` is no mode.
 */
export async function chooseMode(asked: string | undefined): Promise<ModeChoice> {
  if (asked === 'cluster' || asked === 'embedded') return { mode: asked, reason: 'asked for' }
  if (asked !== undefined && asked !== 'auto') {
    throw new NebulaError(`there is no mode "${asked}"`, {
      code: 'UNKNOWN_MODE',
      hint: '--mode cluster, --mode embedded, or neither to let Nebula choose',
      exitCode: ExitCode.Usage,
    })
  }
  const missing = await missingForCluster()
  if (missing.length === 0) return { mode: 'cluster', reason: 'Docker, k3d, ctlptl, Tilt and kubectl are here' }
  return { mode: 'embedded', reason: missing.join(', ') }
}

/** Why Docker cannot be used here, for a person: "Docker is not running"; null when it can. */
export async function whyNoDocker(): Promise<string | null> {
  const { state } = await findDockerEngine()
  return state === 'running' ? null : DOCKER_STATES[state]
}

async function missingForCluster(): Promise<readonly string[]> {
  const [noDocker, ...tools] = await Promise.all([
    whyNoDocker(),
    ...TOOLS.map((tool) => answers([tool, ...versionArguments(tool)])),
  ])
  return [
    ...(noDocker === null ? [] : [noDocker]),
    ...TOOLS.filter((_, index) => !tools[index]).map((tool) => `${tool} is not installed`),
  ]
}

function versionArguments(tool: (typeof TOOLS)[number]): readonly string[] {
  return tool === 'kubectl' ? ['version', '--client'] : ['version']
}

async function answers(argv: readonly string[]): Promise<boolean> {
  try {
    return (await exec(argv, { timeoutMs: PROBE_TIMEOUT_MS })).exitCode === 0
  } catch {
    return false
  }
}
