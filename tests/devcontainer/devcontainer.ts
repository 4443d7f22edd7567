import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'vitest'
import { z } from 'zod'
import { repository } from '../lib/checkout.ts'
import { devcontainerCli } from '../lib/devcontainerConfiguration.ts'
import { type CommandResult, run } from '../lib/nebula.ts'

/** What `devcontainer up` said, one file for each time. */
const logs = path.join(repository, '.nebula/logs')
const Outcome = z.object({ outcome: z.literal('success'), containerId: z.string(), remoteUser: z.string() })
const Mounts = z.array(z.object({ Type: z.string(), Name: z.string().optional() }))

/** The devcontainer of a checkout, as a person has it who types `devcontainer up`. */
export class Devcontainer {
  readonly root: string
  #id = ''
  #ups = 0
  readonly #volumes = new Set<string>()
  readonly #images = new Set<string>()

  constructor(root: string) {
    this.root = root
  }

  get id(): string {
    return this.#id
  }

  /** `devcontainer up`; fails with all of its output when it fails. */
  async up(...flags: readonly string[]): Promise<CommandResult> {
    const result = await this.#cli('up', '--workspace-folder', this.root, ...flags)
    this.#ups += 1
    mkdirSync(logs, { recursive: true })
    writeFileSync(path.join(logs, `devcontainer-up-${this.#ups}.log`), result.output)
    await this.#note()
    expect(result.exitCode, result.output).toBe(0)
    this.#id = Outcome.parse(JSON.parse(result.stdout)).containerId
    return result
  }

  /** Runs a program in the container as its user, in the workspace; fails with its output when it fails. */
  async exec(...argv: readonly string[]): Promise<string> {
    const result = await this.#cli('exec', '--workspace-folder', this.root, ...argv)
    expect(result.exitCode, `${argv.join(' ')}\n${result.output}`).toBe(0)
    return result.stdout.trim()
  }

  /** Copies images from this machine's Docker into the one in the container. */
  async load(images: readonly string[]): Promise<void> {
    const script = 'docker save "$@" | docker exec --interactive "$0" docker load --quiet'
    await this.#docker(['bash', '-o', 'pipefail', '-c', script, this.#id, ...images])
  }

  async stop(): Promise<void> {
    await this.#docker(['docker', 'stop', this.#id])
  }

  async start(): Promise<void> {
    await this.#docker(['docker', 'start', this.#id])
  }

  /** Removes the container with all that it was given: volumes and images too. */
  async remove(): Promise<void> {
    await this.#note()
    const containers = await this.#containers()
    if (containers.length > 0) await run(this.root, ['docker', 'rm', '--force', '--volumes', ...containers])
    if (this.#volumes.size > 0) await run(this.root, ['docker', 'volume', 'rm', '--force', ...this.#volumes])
    await run(this.root, ['docker', 'rmi', '--force', ...this.#images, 'dev_container_feature_content_temp'])
    // With containerd's image store an image that goes leaves the one below it, as one more without a name.
    let tried = ''
    for (let left = await this.#stages(); left.join(' ') !== tried; left = await this.#stages()) {
      if (left.length > 0) await run(this.root, ['docker', 'rmi', '--force', ...left])
      tried = left.join(' ')
    }
  }

  /** The stages of the build, which the builder leaves without a name: they hold the Features' files. */
  async #stages(): Promise<readonly string[]> {
    const dangling = await this.#docker(['docker', 'images', '--quiet', '--filter', 'dangling=true'])
    const stages: string[] = []
    for (const id of dangling.split('\n').filter(Boolean)) {
      const { stdout } = await run(this.root, ['docker', 'history', '--no-trunc', '--format', '{{.CreatedBy}}', id])
      if (/_DEV_CONTAINERS_BASE_IMAGE|\/tmp\/build-features/.test(stdout.split('\n')[0] ?? '')) stages.push(id)
    }
    return stages
  }

  /** Remembers what there is to remove later; a container that failed to start has it too. */
  async #note(): Promise<void> {
    for (const id of await this.#containers()) {
      const mounts = await this.#docker(['docker', 'inspect', '--format', '{{json .Mounts}}', id])
      for (const { Type, Name } of Mounts.parse(JSON.parse(mounts)))
        if (Type === 'volume' && Name) this.#volumes.add(Name)
      const image = await this.#docker(['docker', 'inspect', '--format', '{{.Config.Image}}', id])
      // Where the user's id was adapted, the image is one layer on top of the one that was built.
      this.#images.add(image).add(image.replace(/-uid$/, ''))
    }
  }

  async #containers(): Promise<readonly string[]> {
    const filter = `label=devcontainer.local_folder=${this.root}`
    const ids = await this.#docker(['docker', 'ps', '--all', '--quiet', '--filter', filter])
    return ids.split('\n').filter(Boolean)
  }

  async #docker(argv: readonly string[]): Promise<string> {
    const result = await run(this.root, argv)
    expect(result.exitCode, `${argv.slice(0, 4).join(' ')}\n${result.output}`).toBe(0)
    return result.stdout.trim()
  }

  async #cli(command: string, ...args: readonly string[]): Promise<CommandResult> {
    // Beside the checkout, with which it goes: the CLI leaves a copy of every Feature in its temporary folder.
    const env = { TMPDIR: path.dirname(this.root) }
    return await run(this.root, [process.execPath, devcontainerCli, command, ...args], { env })
  }
}
