import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseCatalogue } from '../../src/catalogue/load.ts'
import type { Catalogue } from '../../src/catalogue/schema.ts'
import { LOG_FOLDER } from '../../src/checkout/paths.ts'
import type { Programs } from '../../src/embedded/programs/programs.ts'
import { embeddedStack } from '../../src/embedded/state/embeddedStack.ts'
import { readState } from '../../src/embedded/state/supervisorState.ts'
import { type Supervisor, startSupervisor } from '../../src/embedded/supervisor/supervisor.ts'
import { ensureSecrets } from '../../src/secrets/secrets.ts'
import { until } from '../../src/system/until.ts'
import { freePort } from '../servers.ts'

const PROGRAMS = path.join(import.meta.dirname, 'stackPrograms')
/** What they have in common. */
const SHARED = 'serve.mjs'

/** The programs that services of the tests run, each a file of `stackPrograms`. */
export type StackProgram =
  | 'exitsUntilReady'
  | 'failingJob'
  | 'healthy'
  | 'healthyAnew'
  | 'job'
  | 'jobUntilReady'
  | 'late'
  | 'moody'
  | 'stubborn'
  | 'throws'
  | 'traced'
  | 'tracedJob'

export interface ServiceText {
  readonly id: string
  readonly kind: 'server' | 'job'
  readonly needs?: string
  readonly program: StackProgram
  readonly watch?: boolean
  readonly graceMs?: number
  readonly deadlineMs?: number
}

/** A checkout with a stack of small programs, and its supervisor in this process. */
export class EmbeddedFixture implements AsyncDisposable {
  readonly root = mkdtempSync(path.join(tmpdir(), 'nebula embedded '))
  readonly log: string[] = []
  /** How often the supervisor said that its checkout is gone. */
  gone = 0
  /** Set before the start, for another patience with servers that do not answer. */
  hungMs: number | undefined
  #supervisor: Supervisor | undefined

  async start(services: readonly ServiceText[]): Promise<Catalogue> {
    const entries = await Promise.all(services.map((service) => this.#entry(service)))
    const text = `name: nebula
cluster: { name: k3d-nebula, namespace: nebula, definition: infra/ctlptl.yaml, dataVolume: nebula-data }
platform: []
services:
${entries.join('')}`
    const catalogue = parseCatalogue(text, 'stack.yaml')
    await this.run(catalogue)
    return catalogue
  }

  async run(catalogue: Catalogue, programs: Programs = {}): Promise<void> {
    const secrets = await ensureSecrets(this.root)
    const stack = embeddedStack(this.root, catalogue)
    this.#supervisor = await startSupervisor(
      { ...stack, secrets, programs },
      {
        log: (line) => this.log.push(line),
        onGone: () => {
          this.gone += 1
        },
        ...(this.hungMs ? { hungMs: this.hungMs } : {}),
      },
    )
  }

  write(file: string, text: string): void {
    mkdirSync(path.dirname(path.join(this.root, file)), { recursive: true })
    writeFileSync(path.join(this.root, file), text)
  }

  /** The program of a service, which it runs anew when it watches. */
  program(id: string, program: StackProgram): void {
    for (const [from, to] of [
      [SHARED, SHARED],
      [`${program}.mjs`, `${id}.mjs`],
    ] as const)
      this.write(`programs/${to}`, readFileSync(path.join(PROGRAMS, from), 'utf8'))
  }

  output(id: string): string {
    return readFileSync(path.join(this.root, LOG_FOLDER, `${id}.log`), 'utf8')
  }

  /** Waits until what is written down of a service is so; fails with all of it when it is not in time. */
  async until(
    id: string,
    condition: (status: { state: string; reason?: string | undefined; restarts?: number | undefined }) => boolean,
  ) {
    let state = await readState(this.root)
    const find = () => state?.services.find((service) => service.id === id)
    const met = await until(
      async () => {
        state = await readState(this.root)
        const status = find()
        return status !== undefined && condition(status)
      },
      { deadlineMs: 30_000, intervalMs: 20 },
    )
    if (!met) throw new Error(`${id} is not as expected: ${JSON.stringify(state?.services, null, 2)}`)
    const status = find()
    if (!status) throw new TypeError(`there is no service ${id}`)
    return status
  }

  retry(): void {
    this.#supervisor?.retry()
  }

  async stop(): Promise<void> {
    await this.#supervisor?.stop()
    this.#supervisor = undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    rmSync(this.root, { recursive: true, force: true })
  }

  async #entry({
    id,
    kind,
    needs = '[]',
    program,
    watch,
    graceMs = 5000,
    deadlineMs = 20000,
  }: ServiceText): Promise<string> {
    this.program(id, program)
    const port = await freePort()
    const server = `
    endpoints:
      - { name: web, scheme: http, localPort: ${port}, label: ${id}, audience: code, onForward: silent }
    ready: { kind: http, endpoint: web, path: /health, status: 200, deadlineMs: ${deadlineMs} }`
    return `
  - id: ${id}
    title: ${id}
    summary: A program of the tests
    group: app
    kind: ${kind}
    needs: ${needs}${kind === 'server' ? server : ''}
    embedded:
      argv: [node, programs/${id}.mjs]
      env: { ${kind === 'server' ? `PORT: '\${${id}.web.port}', ` : ''}DATA: '\${data}' }
      watch: [${watch ? `programs/${id}.mjs` : ''}]
    stop: { signal: SIGTERM, graceMs: ${graceMs} }
    resources: { memoryMb: 1, diskMb: 1 }
    usualStartMs: 100
`
  }
}
