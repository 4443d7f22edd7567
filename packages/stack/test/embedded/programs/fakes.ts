import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import type { RequestListener } from 'node:http'
import path from 'node:path'
import { strToU8, zipSync } from 'fflate'
import type { ConvexSearch } from '../../../src/embedded/programs/convexBackend.ts'
import { platform, type Release, TEMPORAL_CLI } from '../../../src/embedded/programs/release.ts'
import { execText } from '../../../src/system/exec.ts'
import { freePort } from '../../servers.ts'
import { temporaryFolder } from '../../temporaryFolder.ts'

/** A machine without network, with nothing on it: a home, a checkout, a PATH, and what was reported. */
export interface Machine {
  readonly search: Omit<ConvexSearch, 'choice'> & { readonly env: Record<string, string | undefined> }
  readonly home: string
  readonly checkout: string
  /** The only folder on PATH. */
  readonly bin: string
  readonly cache: string
  readonly steps: string[]
  /** Why a stand-in is to be used. */
  readonly warnings: string[]
}

export async function emptyMachine(): Promise<Machine> {
  const folder = await temporaryFolder()
  const [home, checkout, bin] = ['home', 'checkout', 'bin'].map((name) => path.join(folder, name)) as [
    string,
    string,
    string, // one for each name
  ]
  for (const one of [home, checkout, bin]) await mkdir(one)
  const steps: string[] = []
  const warnings: string[] = []
  const env = { HOME: home, PATH: bin, NEBULA_DOWNLOAD_MIRROR: `http://127.0.0.1:${await freePort()}` }
  const cache = path.join(home, '.cache', 'nebula', 'programs')
  const search = { env, onStep: (text: string) => steps.push(text), onWarning: (text: string) => warnings.push(text) }
  return { search, home, checkout, bin, cache, steps, warnings }
}

/** A shell script that answers like the Temporal CLI. */
export function temporalScript(version = '1.9.1'): string {
  return script(`case "$*" in
  --version) echo "temporal version ${version} (Server 1.32.0, UI 2.54.1)" ;;
  "server start-dev --help") echo "--db-filename --dynamic-config-value --ui-port --namespace" ;;
  *) exit 1 ;;
esac`)
}

/** The Convex backend of the tests: the real one's command line, and the stand-in behind it. */
export const CONVEX_PROGRAM = path.join(import.meta.dirname, 'convex-local-backend.mjs')

/** Its content. */
export function convexScript(): string {
  return readFileSync(CONVEX_PROGRAM, 'utf8')
}

export function script(body: string): string {
  return `#!/bin/sh\n${body}\n`
}

export async function writeProgram(file: string, content: string | Buffer): Promise<string> {
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, content)
  await chmod(file, 0o755)
  return file
}

export interface PublishedArchive {
  readonly release: Release
  readonly bytes: Buffer
  readonly url: string
}

/** A release as it is published: an archive of this program, and the hash that it has. */
export async function publish(archive: string, real: Release, content: string): Promise<PublishedArchive> {
  const bytes = archive.endsWith('.zip') ? zipped(real.program, content) : await tarred(real.program, content)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const release = { ...real, archives: { [platform]: { name: archive, sha256 } } }
  return { release, bytes, url: `/${real.folder}/${archive}` }
}

function zipped(name: string, content: string): Buffer {
  return Buffer.from(zipSync({ [name]: strToU8(content), 'LICENSE.md': strToU8('a licence') }))
}

async function tarred(name: string, content: string): Promise<Buffer> {
  const folder = await temporaryFolder()
  await writeProgram(path.join(folder, name), content)
  await execText(['tar', '-czf', path.join(folder, 'archive'), '-C', folder, name])
  return await readFile(path.join(folder, 'archive'))
}

/** The Temporal CLI's release with a script for a program. */
export async function publishTemporal(content = temporalScript()): Promise<PublishedArchive> {
  return await publish('temporal.tar.gz', TEMPORAL_CLI, content)
}

/** Serves an archive where it is published, and nothing else. */
export function serving({ bytes, url }: PublishedArchive, requests: string[] = []): RequestListener {
  return (request, response) => {
    requests.push(request.url ?? '')
    if (request.url !== url) response.writeHead(404).end()
    else response.writeHead(200, { 'content-length': bytes.length }).end(bytes)
  }
}

/** What is in a folder, also what is hidden; nothing when it is not there. */
export async function contentOf(folder: string): Promise<readonly string[]> {
  return await readdir(folder).catch(() => [])
}
