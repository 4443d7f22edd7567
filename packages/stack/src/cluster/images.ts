import { glob, readFile } from 'node:fs/promises'
import path from 'node:path'
import { parseAllDocuments } from 'yaml'
import type { ClusterDefinition } from './definition.ts'

/** An image reference, taken apart: `postgres:16-alpine` is docker.io, library/postgres, 16-alpine. */
export interface ImageReference {
  readonly reference: string
  readonly host: string
  readonly repository: string
  readonly tag: string
}

/**
 * Takes an image reference apart, with Docker's defaults.
 * @returns null for one without a tag: those are built here.
 */
export function parseImage(reference: string): ImageReference | null {
  const [named = '', digest] = reference.split('@')
  const match = /^(?<name>.*?)(?::(?<tag>[\w.-]+))?$/.exec(named)
  const tag = match?.groups?.tag
  const name = match?.groups?.name
  if (tag === undefined || name === undefined || digest !== undefined) return null
  const [first = '', ...rest] = name.split('/')
  const hasHost = rest.length > 0 && /[.:]|^localhost$/.test(first)
  const host = hasHost ? first : 'docker.io'
  const repository = hasHost ? rest.join('/') : rest.length === 0 ? `library/${name}` : name
  return { reference, host, repository, tag }
}

/** The published images that the services' manifests run, each once, sorted. What is built here has no tag and is left out. */
export async function serviceImages(root: string): Promise<readonly string[]> {
  const images = new Set<string>()
  for await (const file of glob('infra/services/*/*.k8s.yaml', { cwd: root })) {
    const documents = parseAllDocuments(await readFile(path.join(root, file), 'utf8'))
    for (const document of documents) collectImages(document.toJS(), images)
  }
  return [...images].filter((image) => image.includes(':')).sort()
}

/**
 * Every published image that the stack runs or builds on, each once: services, cluster, registry, Dockerfiles' bases, and
 * `more`, which no file that is read here names.
 */
export async function allImages(
  root: string,
  definition: ClusterDefinition,
  more: readonly string[] = [],
): Promise<readonly string[]> {
  const images = new Set([...(await serviceImages(root)), ...definition.images, ...more])
  for await (const file of glob('apps/*/Dockerfile', { cwd: root })) {
    const stages = [...(await readFile(path.join(root, file), 'utf8')).matchAll(/^FROM\s+(\S+)(?:\s+AS\s+(\S+))?/gim)]
    const names = new Set(stages.map((stage) => stage[2]))
    for (const [, base] of stages) if (base !== undefined && !names.has(base)) images.add(base)
  }
  return [...images].sort()
}

function collectImages(value: unknown, images: Set<string>): void {
  if (value === null || typeof value !== 'object') return
  for (const [key, item] of Object.entries(value)) {
    if (key === 'image' && typeof item === 'string') images.add(item)
    else collectImages(item, images)
  }
}
