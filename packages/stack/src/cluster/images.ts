import { glob, readFile } from 'node:fs/promises'
import path from 'node:path'
import { loadShapes } from '../images/imageShape.ts'
import type { ClusterDefinition } from './definition.ts'
import { serviceManifests } from './serviceManifests.ts'

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
  for (const object of await serviceManifests(root)) collectImages(object, images)
  return [...images].filter((image) => image.includes(':')).sort()
}

/**
 * The published images that the cluster starts on its own, which no manifest of ours names: k3s pulls them through the same
 * mirror while the first pods start, and without them none does.
 */
export async function nodeImages(root: string): Promise<readonly string[]> {
  return await imagesStartedBy(root, 'k3s')
}

/**
 * Every published image that the stack runs or builds on, each once, sorted: services, node, cluster, registry, Dockerfiles'
 * bases, and k3d's helper, which this machine's Docker has to have before there is a cluster.
 */
export async function allImages(root: string, definition: ClusterDefinition): Promise<readonly string[]> {
  const images = new Set([
    ...(await serviceImages(root)),
    ...(await nodeImages(root)),
    ...(await dockerImages(root, definition)),
    ...(await baseImages(root)),
  ])
  return [...images].sort()
}

/** The published images that this machine's Docker runs itself: node, registry, and k3d's helper. */
export async function dockerImages(root: string, definition: ClusterDefinition): Promise<readonly string[]> {
  return [...definition.images, ...(await imagesStartedBy(root, 'k3d'))]
}

/** The published images that what is built here is built on, each once. */
export async function baseImages(root: string): Promise<readonly string[]> {
  const images = new Set<string>()
  for await (const file of glob('apps/*/Dockerfile', { cwd: root })) {
    const stages = [...(await readFile(path.join(root, file), 'utf8')).matchAll(/^FROM\s+(\S+)(?:\s+AS\s+(\S+))?/gim)]
    const names = new Set(stages.map((stage) => stage[2]))
    for (const [, base] of stages) if (base !== undefined && !names.has(base)) images.add(base)
  }
  return [...images]
}

async function imagesStartedBy(root: string, ...programs: readonly string[]): Promise<readonly string[]> {
  const shapes = await loadShapes(root)
  return shapes
    .filter(({ startedBy }) => startedBy && programs.includes(startedBy))
    .map(({ image, version }) => `${image}:${version}`)
}

function collectImages(value: unknown, images: Set<string>): void {
  if (value === null || typeof value !== 'object') return
  for (const [key, item] of Object.entries(value)) {
    if (key === 'image' && typeof item === 'string') images.add(item)
    else collectImages(item, images)
  }
}
