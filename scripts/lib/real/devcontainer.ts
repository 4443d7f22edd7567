import path from 'node:path'
import { NebulaError } from '@nebula/stack/errors/nebulaError'
import { z } from 'zod'
import { ask, textOf } from '../programs.ts'
import type { Journal } from './journal.ts'
import { runProgram } from './program.ts'

const UP_DEADLINE_MS = 2_700_000
const LOOK_DEADLINE_MS = 90_000
const Configuration = z.object({ configuration: z.object({ image: z.string() }) })
const Inspected = z.tuple([
  z.object({
    Config: z.object({ Image: z.string() }),
    Mounts: z.array(z.object({ Type: z.string(), Name: z.string().optional() })),
  }),
])

/** The devcontainer of a checkout, by the reference implementation of the devcontainer specification. */
export class Devcontainer {
  readonly #root: string
  readonly #cli: readonly string[]
  readonly #journal: Journal
  #id = ''

  /** @param cli how to call the devcontainer CLI. */
  constructor(root: string, cli: readonly string[], journal: Journal) {
    this.#root = root
    this.#cli = cli
    this.#journal = journal
  }

  get id(): string {
    return this.#id
  }

  get isThere(): boolean {
    return this.#id !== ''
  }

  /** How to call the Docker inside, which is root's to ask. */
  get docker(): readonly string[] {
    return ['docker', 'exec', '--user', 'root', this.#id, 'docker']
  }

  /** Beside the checkout, with which it goes: the CLI leaves a copy of every Feature in its temporary folder. */
  get env(): Readonly<Record<string, string>> {
    return { TMPDIR: path.dirname(this.#root) }
  }

  /** The image that the container is built on. */
  async baseImage(): Promise<string> {
    // It looks for a container, and fails without Docker: instead of that it asks a program that knows of none.
    const cli = ask({ env: { ...process.env, ...this.env } })
    const read = cli`${this.#cli} read-configuration --workspace-folder ${this.#root} --docker-path true`
    return Configuration.parse(JSON.parse(await textOf(read))).configuration.image
  }

  /** `devcontainer up`, with all of its hooks. */
  async up(title: string, signal: AbortSignal, ...flags: readonly string[]): Promise<void> {
    const argv = [...this.#cli, 'up', '--workspace-folder', this.#root, ...flags]
    const options = { cwd: this.#root, deadlineMs: UP_DEADLINE_MS, signal, env: this.env }
    try {
      await this.#journal.program(title, argv, options)
    } finally {
      // One whose hooks failed is there too.
      this.#id = (await this.#containers())[0] ?? ''
    }
    if (this.#id === '') {
      throw new NebulaError('devcontainer up made no container', {
        code: 'NO_CONTAINER',
        hint: `ls '${this.#journal.folder}'`,
      })
    }
  }

  /** What runs a program in the container as its user, in the workspace. */
  execArgv(...argv: readonly string[]): readonly string[] {
    return [...this.#cli, 'exec', '--workspace-folder', this.#root, ...argv]
  }

  /** Runs a program in the container and returns what it said, whatever its exit code. */
  async look(argv: readonly string[]): Promise<string> {
    const options = { cwd: this.#root, deadlineMs: LOOK_DEADLINE_MS, env: this.env }
    return (await runProgram(this.execArgv(...argv), options)).output
  }

  /** Writes down what this machine's Docker knows of the container. */
  async collect(): Promise<void> {
    const keep = async (name: string, argv: readonly string[]) => {
      const { output } = await runProgram(argv, { cwd: this.#root, deadlineMs: LOOK_DEADLINE_MS })
      await this.#journal.write(`evidence/machine/${name}`, output)
    }
    await keep('docker-version.txt', ['docker', 'version'])
    await keep('docker-info.txt', ['docker', 'info'])
    await keep('disk.txt', ['df', '-h'])
    if (!this.isThere) return
    await keep('container.json', ['docker', 'inspect', this.#id])
    await keep('container.log', ['docker', 'logs', '--timestamps', '--tail', '3000', this.#id])
    await keep('container-dockerd.log', ['docker', 'exec', this.#id, 'tail', '--lines', '3000', '/tmp/dockerd.log'])
  }

  /** Removes the container with its volumes and the image that was built for it. */
  async remove(): Promise<void> {
    for (const id of await this.#containers()) {
      const [{ Config, Mounts }] = Inspected.parse(JSON.parse(await textOf(ask`docker inspect ${id}`)))
      await textOf(ask({ timeout: '3m' })`docker rm --force --volumes ${id}`)
      const volumes = Mounts.flatMap(({ Type, Name }) => (Type === 'volume' && Name ? [Name] : []))
      if (volumes.length > 0) await textOf(ask`docker volume rm --force ${volumes}`)
      // Where the user's id was adapted, the image is one layer on top of the one that was built.
      await ask`docker image rm --force ${Config.Image} ${Config.Image.replace(/-uid$/, '')}`
    }
  }

  async #containers(): Promise<readonly string[]> {
    const filter = `label=devcontainer.local_folder=${this.#root}`
    const ids = await textOf(ask`docker ps --all --quiet --filter ${filter}`)
    return ids.split('\n').filter(Boolean)
  }
}
