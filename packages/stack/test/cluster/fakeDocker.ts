import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished, vi } from 'vitest'
import { digestOf } from './fakeRegistry.ts'

/** An image in Docker: what `image inspect` says of it, and the manifest that a push of it leaves in the registry. */
export interface FakeImage {
  readonly inspect: Readonly<Record<string, unknown>>
  readonly manifest: string
  /** Why it cannot be pushed. */
  readonly refused?: string
}

const OCI = 'application/vnd.oci.image.manifest.v1+json'
const AMD64 = { Os: 'linux', Architecture: 'amd64' }

/** How each of Docker's image stores has the image of a content, as the engines 20.10 and 29 were seen to. */
export const stores = {
  classic: (content: string): FakeImage => {
    const config = digestOf(content)
    const mediaType = 'application/vnd.docker.distribution.manifest.v2+json'
    return { inspect: { Id: config, ...AMD64 }, manifest: JSON.stringify({ mediaType, config: { digest: config } }) }
  },
  containerd: (content: string): FakeImage => {
    const manifest = JSON.stringify({ mediaType: OCI, config: { digest: digestOf(content) } })
    return { inspect: { Id: digestOf(manifest), ...AMD64 }, manifest }
  },
  /** Of a multi-platform image one platform was pulled: the id is the index', and the manifest is pushed. */
  'containerd, one platform of an index': (content: string): FakeImage => {
    const { inspect, manifest } = stores.containerd(content)
    return { inspect: { ...inspect, Id: digestOf(`index of ${inspect.Id}`) }, manifest }
  },
} satisfies Record<string, (content: string) => FakeImage>

/**
 * Puts a docker first on PATH that has images and pushes them to a registry on this machine.
 * @param apiVersion what it speaks with its engine; `--platform` came with 1.46.
 * @param published what a registry gives for which tag: the digest.
 */
export function fakeDocker(
  apiVersion: string,
  images: Record<string, FakeImage>,
  published: Readonly<Record<string, string>> = {},
) {
  const folder = mkdtempSync(path.join(tmpdir(), 'nebula-docker-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const log = path.join(folder, 'calls')
  const state = path.join(folder, 'images.json')
  const registry = path.join(folder, 'published.json')
  const node = path.join(folder, 'node')
  const set = (next: Record<string, FakeImage>) => writeFileSync(state, JSON.stringify(next))
  const publish = (next: Readonly<Record<string, string>>) => writeFileSync(registry, JSON.stringify(next))
  publish(published)
  writeFileSync(log, '')
  set(images)
  mkdirSync(path.join(folder, 'bin'))
  symlinkSync(process.execPath, node)
  const program = path.join(folder, 'bin/docker')
  writeFileSync(
    program,
    `#!${node}
const { appendFileSync, readFileSync, writeFileSync } = require('node:fs')
const args = process.argv.slice(2)
appendFileSync(${JSON.stringify(log)}, args.join(' ') + '\\n')
const images = JSON.parse(readFileSync(${JSON.stringify(state)}, 'utf8'))
const fail = (text) => { process.stderr.write(text + '\\n'); process.exitCode = 1 }
const name = args.at(-1)
if (args[0] === 'version') process.stdout.write('${apiVersion}\\n')
else if (args[0] === 'push' && args.includes('--platform') && ${Number(apiVersion.split('.')[1])} < 46) fail('unknown flag: --platform')
else if (args[0] === 'push') {
  const [, host, repository, tag] = /^([^/]+)\\/(.*):([^:]+)$/.exec(name)
  const image = images[Object.keys(images).find((key) => ('library/' + key).endsWith(repository + ':' + tag))]
  if (image.refused) fail('The push refers to repository\\n' + image.refused)
  else fetch('http://' + host + '/v2/' + repository + '/manifests/' + tag, { method: 'PUT', body: image.manifest })
} else if (args[0] === 'pull') {
  const published = JSON.parse(readFileSync(${JSON.stringify(registry)}, 'utf8'))
  const byDigest = Object.entries(published).find(([tag, digest]) => tag.replace(/:.*/, '@') + digest === name)
  const digest = published[name] ?? byDigest?.[1]
  if (!digest) fail('Error response from daemon:\\nmanifest unknown')
  else {
    images[name] = { inspect: { Architecture: 'amd64', RepoDigests: [name.replace(/[:@].*/, '') + '@' + digest] } }
    writeFileSync(${JSON.stringify(state)}, JSON.stringify(images))
  }
} else if (args[1] === 'inspect') {
  if (images[name]) process.stdout.write(JSON.stringify([{ RepoTags: [name], ...images[name].inspect }]))
  else fail('Error: No such image: ' + name)
}
`,
  )
  chmodSync(program, 0o755)
  vi.stubEnv('PATH', `${path.dirname(program)}:${process.env.PATH}`)
  onTestFinished(() => void vi.unstubAllEnvs())
  const calls = () => readFileSync(log, 'utf8').split('\n').filter(Boolean)
  return { set, publish, calls, pushes: () => calls().filter((call) => call.startsWith('push ')) }
}
