import { NebulaError } from '../errors/nebulaError.ts'
import { attempt } from '../system/attempt.ts'
import { exec } from '../system/exec.ts'
import { compareVersions, findVersion } from '../system/version.ts'
import type { Check, CheckResult } from './check.ts'

interface Tool {
  readonly name: string
  readonly argv: readonly string[]
  readonly minimum: string
  /** How to get it, on macOS and elsewhere. */
  readonly install: { readonly darwin: string; readonly other: string }
}

const TIMEOUT_MS = 10_000

const TOOLS: readonly Tool[] = [
  {
    name: 'k3d',
    argv: ['version'],
    minimum: '5.9.0',
    install: { darwin: 'brew install k3d', other: 'see https://k3d.io/stable/#installation' },
  },
  {
    name: 'ctlptl',
    argv: ['version'],
    minimum: '0.9.3',
    install: {
      darwin: 'brew install tilt-dev/tap/ctlptl',
      other: 'see https://github.com/tilt-dev/ctlptl/blob/main/INSTALL.md',
    },
  },
  {
    name: 'tilt',
    argv: ['version'],
    minimum: '0.37.0',
    install: { darwin: 'brew install tilt-dev/tap/tilt', other: 'see https://docs.tilt.dev/install.html' },
  },
  {
    name: 'kubectl',
    argv: ['version', '--client'],
    minimum: '1.30.0',
    install: { darwin: 'brew install kubectl', other: 'see https://kubernetes.io/docs/tasks/tools' },
  },
]

/** One check for each tool of the cluster mode: it is there, and new enough. */
export const toolChecks: readonly Check[] = TOOLS.map((tool) => ({
  id: tool.name,
  title: tool.name,
  run: () => checkTool(tool),
}))

async function checkTool(tool: Tool): Promise<CheckResult> {
  const fix = process.platform === 'darwin' ? tool.install.darwin : tool.install.other
  const asked = await attempt(exec([tool.name, ...tool.argv], { timeoutMs: TIMEOUT_MS }))
  if (asked instanceof NebulaError && asked.code === 'TOOL_MISSING')
    return { status: 'fail', message: asked.message, fix }
  if (asked instanceof Error)
    return { status: 'fail', message: asked.message, fix: [tool.name, ...tool.argv].join(' ') }

  const version = findVersion(asked.stdout)
  if (version === null)
    return {
      status: 'warn',
      message: `${tool.name} is there, its version is unknown (${tool.minimum} or newer is needed)`,
    }
  if (compareVersions(version, tool.minimum) < 0) {
    return { status: 'fail', message: `${tool.name} ${version} is too old: ${tool.minimum} or newer is needed`, fix }
  }
  return { status: 'ok', message: `${tool.name} ${version}` }
}
