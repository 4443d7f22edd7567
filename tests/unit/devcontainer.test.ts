import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { allEndpoints } from '@nebula/stack/catalogue/endpoints'
import { loadCatalogue } from '@nebula/stack/catalogue/load'
import { HISTORY_FOLDER } from '@nebula/stack/devcontainer/shellHistory'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { repository } from '../lib/checkout.ts'
import { readConfiguration } from '../lib/devcontainerConfiguration.ts'
import { defaultVersions } from '../lib/toolchain.ts'

const Configuration = z.object({
  image: z.string(),
  remoteUser: z.string(),
  features: z.record(z.string(), z.record(z.string(), z.unknown())),
  forwardPorts: z.array(z.number()),
  portsAttributes: z.record(z.string(), z.looseObject({ label: z.string(), onAutoForward: z.string() })),
  otherPortsAttributes: z.object({ onAutoForward: z.string() }),
  mounts: z.array(z.string()),
  containerEnv: z.record(z.string(), z.string()),
  onCreateCommand: z.string(),
  updateContentCommand: z.string(),
  postCreateCommand: z.string(),
  postStartCommand: z.string(),
})

const Lock = z.object({
  features: z.record(z.string(), z.object({ version: z.string(), resolved: z.string(), integrity: z.string() })),
})

const configuration = Configuration.parse(readConfiguration(repository))
const endpoints = async () => allEndpoints(await loadCatalogue(path.join(repository, 'infra/stack.yaml')))

test('every port of the stack is forwarded, and nothing else', async () => {
  const ports = (await endpoints()).map(({ localPort }) => localPort)
  expect(configuration.forwardPorts.toSorted()).toEqual(ports.toSorted())
})

test('every port has the label and the behaviour that stack.yaml gives it', async () => {
  const expected = (await endpoints()).map(({ localPort, label, onForward }) => [
    String(localPort),
    { label, onAutoForward: onForward },
  ])
  const found = Object.entries(configuration.portsAttributes).map(([port, { label, onAutoForward }]) => [
    port,
    { label, onAutoForward },
  ])
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected))
  expect(configuration.otherPortsAttributes.onAutoForward).toBe('ignore')
})

test('image and Features are pinned', () => {
  expect(configuration.image).toMatch(/:\d+-\d+-bookworm$/)
  for (const feature of Object.keys(configuration.features)) {
    expect(feature).toMatch(/^(\.\/[a-z]+|ghcr\.io\/.+:\d+\.\d+\.\d+)$/)
  }
})

test('the lockfile holds every published Feature to a digest, and to the version that is asked for', () => {
  const { features } = Lock.parse(
    JSON.parse(readFileSync(path.join(repository, '.devcontainer/devcontainer-lock.json'), 'utf8')),
  )
  const published = Object.keys(configuration.features).filter((feature) => !feature.startsWith('./'))
  expect(Object.keys(features)).toEqual(published)
  for (const [feature, { version, resolved, integrity }] of Object.entries(features)) {
    expect(feature.endsWith(`:${version}`), feature).toBe(true)
    expect(resolved).toBe(`${feature.slice(0, -version.length - 1)}@${integrity}`)
    expect(integrity).toMatch(/^sha256:[0-9a-f]{64}$/)
  }
})

test('every hook starts a script of ours through the bootstrap', () => {
  const hooks = {
    'on-create': configuration.onCreateCommand,
    'update-content': configuration.updateContentCommand,
    'post-create': configuration.postCreateCommand,
    'post-start': configuration.postStartCommand,
  }
  for (const [name, command] of Object.entries(hooks)) {
    expect(command).toBe(`node scripts/bootstrap/run.mjs ${name}`)
    expect(existsSync(path.join(repository, 'scripts', `${name}.ts`)), name).toBe(true)
  }
})

test('the volumes are where pnpm and the shells keep what outlives a rebuild', () => {
  const targets = configuration.mounts.map((mount) => /target=([^,]+)/.exec(mount)?.[1])
  expect(targets).toEqual([configuration.containerEnv.pnpm_config_store_dir, HISTORY_FOLDER])
  expect(targets[0]).toBe(`/home/${configuration.remoteUser}/.local/share/pnpm/store`)
  for (const mount of configuration.mounts) expect(mount).toMatch(/^source=nebula-[a-z-]+-\$\{devcontainerId\},/)
})

test('kubectl is at most one minor version away from the cluster', () => {
  const definition = readFileSync(path.join(repository, 'infra/ctlptl.yaml'), 'utf8')
  const cluster = Number(/rancher\/k3s:v1\.(\d+)\./.exec(definition)?.[1])
  const kubectl = Number(defaultVersions().get('kubectl')?.split('.')[1])
  expect(Math.abs(cluster - kubectl)).toBeLessThanOrEqual(1)
})
