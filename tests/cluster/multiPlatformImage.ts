import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { expect } from 'vitest'

const OCI = 'application/vnd.oci.image'

/** Something in a registry, as an index or a manifest names it. */
interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

/**
 * Puts an image for amd64 and arm64 into a registry on this machine, each with a layer of its own. Docker then pulls the
 * index and the one that it runs, as it does of every published image.
 * @returns the digests of the index and of the manifests by architecture.
 */
export async function putMultiPlatformImage(port: number, repository: string, tag: string) {
  const api = `http://127.0.0.1:${port}/v2/${repository}`
  const manifests: (Descriptor & { platform: { architecture: string; os: string } })[] = []
  for (const architecture of ['amd64', 'arm64']) {
    const platform = { architecture, os: 'linux' }
    const layer = emptyFile(`${repository} for ${architecture}`)
    const rootfs = { type: 'layers', diff_ids: [digestOf(layer)] }
    const content = {
      schemaVersion: 2,
      mediaType: `${OCI}.manifest.v1+json`,
      config: await putBlob(api, `${OCI}.config.v1+json`, json({ ...platform, config: { Cmd: ['/run'] }, rootfs })),
      layers: [await putBlob(api, `${OCI}.layer.v1.tar+gzip`, gzipSync(layer))],
    }
    manifests.push({ ...(await putManifest(api, content)), platform })
  }
  const index = await putManifest(api, { schemaVersion: 2, mediaType: `${OCI}.index.v1+json`, manifests }, tag)
  return {
    index: index.digest,
    manifests: new Map(manifests.map(({ platform, digest }) => [platform.architecture, digest])),
  }
}

async function putBlob(api: string, mediaType: string, content: Buffer): Promise<Descriptor> {
  const digest = digestOf(content)
  const upload = await fetch(`${api}/blobs/uploads/`, { method: 'POST' })
  const url = new URL(upload.headers.get('location') ?? '', api)
  url.searchParams.set('digest', digest)
  await put(url, 'application/octet-stream', content)
  return { mediaType, digest, size: content.length }
}

async function putManifest(
  api: string,
  manifest: { readonly mediaType: string; readonly [key: string]: unknown },
  tag?: string,
): Promise<Descriptor> {
  const content = json(manifest)
  const digest = digestOf(content)
  await put(new URL(`${api}/manifests/${tag ?? digest}`), manifest.mediaType, content)
  return { mediaType: manifest.mediaType, digest, size: content.length }
}

async function put(url: URL, type: string, content: Buffer): Promise<void> {
  const response = await fetch(url, { method: 'PUT', headers: { 'content-type': type }, body: new Uint8Array(content) })
  expect(response.status, `PUT ${url}: ${await response.text()}`).toBe(201)
}

/** A tar archive with one empty file of that name. */
function emptyFile(name: string): Buffer {
  const header = Buffer.alloc(512)
  const fields = [
    [0, name.replaceAll(/\W/g, '-')],
    [100, '0000644\0'],
    [108, '0000000\0'],
    [116, '0000000\0'],
    [124, '00000000000\0'],
    [136, '00000000000\0'],
    [148, ' '.repeat(8)],
    [156, '0'],
    [257, 'ustar\u000000'],
  ] as const
  for (const [offset, text] of fields) header.write(text, offset, 'latin1')
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return Buffer.concat([header, Buffer.alloc(1024)])
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}

function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}
