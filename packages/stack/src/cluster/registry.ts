import { ExitCode } from '../errors/exitCodes.ts'
import { NebulaError } from '../errors/nebulaError.ts'
import { attempt } from '../system/attempt.ts'
import type { ClusterDefinition } from './definition.ts'

const TIMEOUT_MS = 10_000
const ACCEPT = [
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
].join(', ')

/** The project's registry, asked over HTTP. */
export class Registry {
  readonly #origin: string

  constructor({ registryPort }: Pick<ClusterDefinition, 'registryPort'>) {
    this.#origin = `http://127.0.0.1:${registryPort}`
  }

  /**
   * The digest of what a tag names: a manifest's or an index's.
   * @returns null when there is no such tag.
   * @throws NebulaError when the registry does not answer, or answers with an error.
   */
  async digest(repository: string, tag: string): Promise<string | null> {
    const response = await this.#ask('HEAD', `${repository}/manifests/${tag}`, { headers: { accept: ACCEPT } })
    return response?.headers.get('docker-content-digest') ?? null
  }

  /**
   * Gives what a tag names a second tag.
   * @throws NebulaError when there is no such tag, the registry does not answer, or answers with an error.
   */
  async tag(repository: string, tag: string, second: string): Promise<void> {
    const manifest = await this.#ask('GET', `${repository}/manifests/${tag}`, { headers: { accept: ACCEPT } })
    // Byte for byte: the digest is that of the text.
    const body = await manifest?.arrayBuffer()
    const headers = { 'content-type': manifest?.headers.get('content-type') ?? '' }
    const put = body && (await this.#ask('PUT', `${repository}/manifests/${second}`, { headers, body }))
    if (!put) throw failed(`the image registry has no ${repository}:${tag}`)
  }

  /** @returns null for what is not there. */
  async #ask(method: string, path: string, init: RequestInit): Promise<Response | null> {
    const url = `${this.#origin}/v2/${path}`
    const response = await attempt(fetch(url, { method, ...init, signal: AbortSignal.timeout(TIMEOUT_MS) }))
    if (response instanceof Error) throw failed(`the image registry does not answer at ${this.#origin}`, response)
    if (response.ok) return response
    await response.body?.cancel()
    if (response.status === 404) return null
    throw failed(`the image registry answers ${response.status} to ${method} ${path}`)
  }
}

function failed(message: string, cause?: Error): NebulaError {
  return new NebulaError(message, { code: 'REGISTRY_FAILED', exitCode: ExitCode.Failed, ...(cause ? { cause } : {}) })
}
