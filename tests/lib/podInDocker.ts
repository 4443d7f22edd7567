import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { PodContainer, PodSpec } from '@nebula/stack/images/podSpec'
import { expect } from 'vitest'
import { z } from 'zod'
import { run } from './nebula.ts'

const Reference = z.looseObject({ name: z.string(), key: z.string() })
const Environment = z.array(
  z.looseObject({
    name: z.string(),
    value: z.string().optional(),
    valueFrom: z.looseObject({ configMapKeyRef: Reference.optional(), secretKeyRef: Reference.optional() }).optional(),
  }),
)
const Grace = z.looseObject({ terminationGracePeriodSeconds: z.int().default(30) })
const Memory = z.looseObject({
  resources: z.looseObject({ limits: z.looseObject({ memory: z.string() }) }),
})

export interface PodOptions {
  /** Also the name by which the other pods on the network find it, as by a Service. */
  readonly name: string
  readonly pod: PodSpec
  readonly network: string
  /** Values for what the manifests take from ConfigMaps and Secrets. */
  readonly settings: Readonly<Record<string, string>>
  readonly configMaps: ReadonlyMap<string, Readonly<Record<string, string>>>
  /** Image to run instead of one that Tilt builds and names. */
  readonly image?: string
  /** container's port -> port on 127.0.0.1 */
  readonly ports: ReadonlyMap<number, number>
}

/** A pod's containers as Docker runs them by the kubelet's rules: user, groups, capabilities, mounts, command, limits. */
export class PodInDocker {
  readonly #options: PodOptions
  readonly #folder: string
  readonly #containers: string[] = []

  constructor(options: PodOptions) {
    this.#options = options
    this.#folder = mkdtempSync(path.join(tmpdir(), `nebula-pod-${options.name}-`))
    // Its folders are mounts of containers with users of their own.
    chmodSync(this.#folder, 0o755)
    this.#makeVolumes()
  }

  /** Runs the init containers one after the other, each to a good end, and starts the others. */
  async start(): Promise<void> {
    for (const container of this.#options.pod.initContainers) {
      const ran = await run('/', ['docker', 'run', '--name', this.#nameOf(container), ...this.#arguments(container)])
      expect(ran.exitCode, `init container ${container.name}\n${ran.output}`).toBe(0)
    }
    for (const container of this.#options.pod.containers) {
      const started = await run('/', [
        'docker', 'run', '--detach', '--name', this.#nameOf(container), ...this.#publish(), ...this.#arguments(container),
      ]) // biome-ignore format: one command
      expect(started.exitCode, `container ${container.name}\n${started.output}`).toBe(0)
    }
  }

  /** Waits until a container that ends by itself has ended. */
  async exitCode(): Promise<number> {
    const name = this.#nameOf(this.#main)
    const ended = await run('/', ['docker', 'wait', name])
    return Number(ended.stdout.trim())
  }

  async logs(): Promise<string> {
    return (await run('/', ['docker', 'logs', '--tail', '40', this.#nameOf(this.#main)])).output
  }

  /** Runs a probe's or a hook's command in the container. */
  async exec(command: readonly string[]): Promise<number | null> {
    return (await run('/', ['docker', 'exec', this.#nameOf(this.#main), ...command])).exitCode
  }

  /**
   * Ends it as the kubelet does: the hook first, then the image's signal, then a kill when the grace time is over.
   * @returns whether it ended by itself.
   */
  async stop(): Promise<boolean> {
    const { lifecycle } = this.#main
    const name = this.#nameOf(this.#main)
    const seconds = Grace.parse(this.#options.pod).terminationGracePeriodSeconds
    // The container's end takes the hook along.
    if (lifecycle?.preStop?.exec) await this.exec(lifecycle.preStop.exec.command)
    await run('/', ['docker', 'stop', '--time', String(seconds), name])
    const state = await run('/', ['docker', 'inspect', '--format', '{{.State.ExitCode}} {{.State.OOMKilled}}', name])
    return !state.stdout.startsWith('137') && state.stdout.trim().endsWith('false')
  }

  async remove(): Promise<void> {
    if (this.#containers.length > 0) await run('/', ['docker', 'rm', '--force', '--volumes', ...this.#containers])
    rmSync(this.#folder, { recursive: true, force: true })
  }

  get #main(): PodContainer {
    const [container] = this.#options.pod.containers
    if (!container) throw new Error(`${this.#options.name} has no container`)
    return container
  }

  #nameOf(container: PodContainer): string {
    const name = `${this.#options.network}-${this.#options.name}-${container.name}`
    if (!this.#containers.includes(name)) this.#containers.push(name)
    return name
  }

  #publish(): readonly string[] {
    return [...this.#options.ports].flatMap(([inside, outside]) => ['--publish', `127.0.0.1:${outside}:${inside}`])
  }

  #arguments(container: PodContainer): readonly string[] {
    const { pod, network, name } = this.#options
    const { runAsUser, runAsGroup, fsGroup } = pod.securityContext
    const [entrypoint, ...more] = container.command ?? []
    const user = container.securityContext.runAsUser ?? runAsUser
    const group = container.securityContext.runAsGroup ?? runAsGroup ?? 0
    return [
      '--network', network, '--network-alias', name,
      ...(user === undefined ? [] : ['--user', `${user}:${group}`]),
      ...(fsGroup === undefined ? [] : ['--group-add', String(fsGroup)]),
      '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges',
      ...(container.securityContext.readOnlyRootFilesystem ? ['--read-only'] : []),
      '--memory', Memory.parse(container).resources.limits.memory.replace('i', '').toLowerCase(),
      ...(container.workingDir === undefined ? [] : ['--workdir', container.workingDir]),
      ...container.volumeMounts.flatMap((mount) => [
        '--mount',
        `type=bind,source=${path.join(this.#folder, mount.name, mount.subPath ?? '')},target=${mount.mountPath}${mount.readOnly ? ',readonly' : ''}`,
      ]),
      ...this.#environment(container).flatMap((line) => ['--env', line]),
      ...(entrypoint === undefined ? [] : ['--entrypoint', entrypoint]),
      this.#options.image ?? container.image,
      ...more, ...(container.args ?? []),
    ] // biome-ignore format: an option a line
  }

  #environment(container: PodContainer): readonly string[] {
    return Environment.parse(container.env).map(({ name, value, valueFrom }) => {
      const key = (valueFrom?.configMapKeyRef ?? valueFrom?.secretKeyRef)?.key
      const found = key === undefined ? value : this.#options.settings[key]
      if (found === undefined) throw new Error(`${this.#options.name}: nothing given for ${name} (${key})`)
      return `${name}=${found}`
    })
  }

  /** As Kubernetes makes them: what is written to is open to the pod's group, what is configured is root's. */
  #makeVolumes(): void {
    const { pod, configMaps } = this.#options
    for (const volume of pod.volumes) {
      const folder = path.join(this.#folder, volume.name)
      mkdirSync(folder)
      if (volume.configMap) {
        for (const [file, text] of Object.entries(configMaps.get(volume.configMap.name) ?? {})) {
          writeFileSync(path.join(folder, file), text)
          chmodSync(path.join(folder, file), volume.configMap.defaultMode)
        }
        chmodSync(folder, 0o755)
      } else {
        chownSync(folder, 0, pod.securityContext.fsGroup ?? 0)
        chmodSync(folder, 0o2777)
      }
    }
  }
}
