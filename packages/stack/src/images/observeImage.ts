import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { Parser, type ReadEntry } from 'tar'
import { z } from 'zod'
import { ExitCode } from '../errors/exitCodes.ts'
import { NebulaError } from '../errors/nebulaError.ts'
import { exec, execText } from '../system/exec.ts'
import type { ShapeFile } from './imageShape.ts'

const Config = z.object({
  User: z.string().default(''),
  Entrypoint: z.array(z.string()).nullish(),
  Cmd: z.array(z.string()).nullish(),
  WorkingDir: z.string().default(''),
  Volumes: z.record(z.string(), z.unknown()).nullish(),
  ExposedPorts: z.record(z.string(), z.unknown()).nullish(),
  StopSignal: z.string().optional(),
  Env: z.array(z.string()).nullish(),
  Labels: z.record(z.string(), z.string()).nullish(),
})
const Inspected = z.tuple([z.looseObject({ Config })])

/** A file as an image has it. */
export interface ObservedFile {
  readonly kind: 'file' | 'directory' | 'link' | 'other'
  /** Permission bits with set-id and sticky, four octal digits. */
  readonly mode: string
  /** uid:gid */
  readonly owner: string
  readonly target?: string
}

/** What Docker has under an image's name, in the terms of a shape. */
export interface ObservedImage {
  readonly config: {
    readonly user: string
    readonly entrypoint: readonly string[]
    readonly command: readonly string[]
    readonly workingDirectory: string
    readonly volumes: readonly string[]
    readonly ports: readonly number[]
    readonly stopSignal: string
    readonly environment: Readonly<Record<string, string>>
  }
  readonly labels: Readonly<Record<string, string>>
  /** path -> file; null where there is none. */
  readonly files: ReadonlyMap<string, ObservedFile | null>
  /** name -> uid:gid, from its /etc/passwd. */
  readonly users: ReadonlyMap<string, string>
}

const CREATE_TIMEOUT_MS = 120_000
const KINDS: Readonly<Record<string, ObservedFile['kind']>> = {
  File: 'file',
  Directory: 'directory',
  SymbolicLink: 'link',
}

/**
 * Looks at an image that the local Docker has. Nothing of it is run, so it needs no shell.
 * @param wanted the files to look at. Only where a link is wanted is one left unfollowed: who may execute a program does
 *   not depend on where it really is.
 * @returns null when Docker does not have the image.
 * @throws NebulaError when Docker does not answer.
 */
export async function observeImage(
  reference: string,
  wanted: readonly Pick<ShapeFile, 'path' | 'kind'>[],
): Promise<ObservedImage | null> {
  const inspected = await exec(['docker', 'image', 'inspect', reference])
  if (inspected.exitCode !== 0) {
    if (/no such (image|object)/i.test(inspected.stderr)) return null
    throw new NebulaError(`Docker does not answer: ${inspected.stderr.trim()}`, {
      code: 'DOCKER_UNREACHABLE',
      hint: 'npm run doctor',
      exitCode: ExitCode.Precondition,
    })
  }
  const [{ Config: config }] = Inspected.parse(JSON.parse(inspected.stdout))
  // An image without a command takes a container only with one; it is never started.
  const argv = ['docker', 'create', '--pull', 'never', '--entrypoint', '/none', reference]
  const container = await execText(argv, { timeoutMs: CREATE_TIMEOUT_MS })
  try {
    const files = new Map<string, ObservedFile | null>()
    for (const { path, kind } of wanted) files.set(path, await observeFile(container, path, kind !== 'link'))
    return { config: describe(config), labels: config.Labels ?? {}, files, users: await observeUsers(container) }
  } finally {
    await exec(['docker', 'rm', '--force', '--volumes', container])
  }
}

function describe(config: z.infer<typeof Config>): ObservedImage['config'] {
  const ports = Object.keys(config.ExposedPorts ?? {}).map((port) => Number.parseInt(port, 10))
  return {
    user: config.User,
    entrypoint: config.Entrypoint ?? [],
    command: config.Cmd ?? [],
    workingDirectory: config.WorkingDir || '/',
    volumes: Object.keys(config.Volumes ?? {}).sort(),
    ports: ports.sort((a, b) => a - b),
    stopSignal: config.StopSignal ?? 'SIGTERM',
    environment: Object.fromEntries(
      (config.Env ?? []).map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    ),
  }
}

async function observeFile(container: string, path: string, follow: boolean): Promise<ObservedFile | null> {
  const source = [...(follow ? ['--follow-link'] : []), `${container}:${path}`]
  return await firstEntry(source, async (entry) => ({
    kind: KINDS[entry.type] ?? 'other',
    mode: ((entry.mode ?? 0) & 0o7777).toString(8).padStart(4, '0'),
    owner: `${entry.uid ?? 0}:${entry.gid ?? 0}`,
    ...(entry.linkpath ? { target: entry.linkpath } : {}),
  }))
}

async function observeUsers(container: string): Promise<ReadonlyMap<string, string>> {
  const passwd = (await firstEntry([`${container}:/etc/passwd`], (entry) => text(entry))) ?? ''
  return new Map(
    passwd
      .split('\n')
      .map((line) => line.split(':'))
      .map(([name = '', , uid = '', gid = '']) => [name, `${uid}:${gid}`]),
  )
}

/** Reads the first entry of the archive that Docker makes of a path. Of a large file only the header is waited for. */
async function firstEntry<T>(source: readonly string[], read: (entry: ReadEntry) => Promise<T>): Promise<T | null> {
  const child = spawn('docker', ['cp', ...source, '-'], { stdio: ['ignore', 'pipe', 'ignore'] })
  const closed = once(child, 'close')
  const parser = new Parser()
  // Docker says that there is no such file by an exit code, and by an archive without a byte.
  const first = new Promise<T | null>((resolve, reject) => {
    parser.once('entry', (entry: ReadEntry) => void read(entry).then(resolve, reject))
    parser.once('end', () => resolve(null))
    // Also when it is cut off below: then all that was wanted has come.
    parser.on('error', reject)
    child.once('error', reject)
  })
  child.stdout.pipe(parser)
  try {
    return await first
  } finally {
    // Unread output would keep it from closing.
    child.stdout.destroy()
    child.kill()
    await closed
  }
}
