import { exec } from '../system/exec.ts'
import { lastWords } from '../system/text.ts'
import type { ClusterContext } from './context.ts'
import type { ClusterDefinition } from './definition.ts'
import { kubectl, kubeObjects } from './kubeObjects.ts'
import { podTrouble } from './podTrouble.ts'
import { type EndedRun, type PodTrouble, type TroubleContext, wrongArchitecture } from './trouble.ts'

/** One look costs a tenth of a second of one processor. */
const LOOK_INTERVAL_MS = 1_000
const LOGS_TIMEOUT_MS = 5_000
/** Enough to find the line that says why. */
const LAST_WORDS_LINES = 20
/** The port inside its container, which the cluster's network has. */
const REGISTRY_PORT = 5000
/** What kubectl prints, and succeeds, when the container is gone with its log. */
const NO_LOGS = /^unable to retrieve container logs/
/** What the runtime, or a shell, says of a program that this processor cannot run. */
const WRONG_ARCHITECTURE = /(\S+): [Ee]xec format error/

/** Watches the pods of a stack. */
export function podWatch({ definition, catalogue }: Pick<ClusterContext, 'definition' | 'catalogue'>): PodWatch {
  return new PodWatch(
    definition,
    catalogue.services.map(({ id }) => id),
  )
}

/** Watches what Kubernetes says of services that do not start. */
export class PodWatch {
  readonly #definition: ClusterDefinition
  readonly #services: readonly string[]
  readonly #lines = new Map<string, readonly string[]>()
  #lookedAt = Number.NEGATIVE_INFINITY
  #troubles: ReadonlyMap<string, PodTrouble> = new Map()

  constructor(definition: ClusterDefinition, services: readonly string[]) {
    this.#definition = definition
    this.#services = services
  }

  /**
   * What keeps which service from running; asks the cluster once a second at most.
   * @returns by the service's id; empty also when the cluster does not answer.
   */
  async look(): Promise<ReadonlyMap<string, PodTrouble>> {
    if (performance.now() - this.#lookedAt < LOOK_INTERVAL_MS) return this.#troubles
    const objects = await kubeObjects(this.#definition)
    const found = await Promise.all(
      this.#services.map(async (service) => {
        const context = this.#context(service)
        const trouble = objects && podTrouble(objects, context)
        return trouble ? ([service, await this.#withLastWords(trouble, context)] as const) : null
      }),
    )
    this.#troubles = new Map(found.filter((entry) => entry !== null))
    this.#lookedAt = performance.now()
    return this.#troubles
  }

  /** The last lines of the run that ended; what Kubernetes said where none ran. */
  async lastLines({ run, detail }: PodTrouble, count: number): Promise<readonly string[]> {
    const lines = run ? await this.#logs(run, count) : []
    return lines.length > 0 ? lines : [detail]
  }

  /** A container that ended says itself why, and what is wrong with a program shows only there. */
  async #withLastWords(trouble: PodTrouble, context: TroubleContext): Promise<PodTrouble> {
    const { run } = trouble
    if (!run) return trouble
    const key = `${trouble.uid} ${run.container} ${run.runsAgain ? run.restarts - 1 : run.restarts}`
    const lines = this.#lines.get(key) ?? (await this.#logs(run, LAST_WORDS_LINES))
    // None may mean that they could not be had just now.
    if (lines.length > 0) this.#lines.set(key, lines)
    // Who ran out of memory did not say so.
    const words = trouble.kind === 'out-of-memory' ? '' : lastWords(lines)
    const program = WRONG_ARCHITECTURE.exec(words)?.[1]
    if (program !== undefined) return { ...trouble, ...wrongArchitecture(program, run.image, context) }
    return words === '' ? trouble : { ...trouble, summary: `${trouble.summary}: ${words}` }
  }

  async #logs({ pod, container, runsAgain }: EndedRun, count: number): Promise<readonly string[]> {
    const flags = ['-c', container, '--tail', String(count), ...(runsAgain ? ['--previous'] : [])]
    const argv = [...kubectl(this.#definition), 'logs', pod, ...flags]
    const got = await exec(argv, { timeoutMs: LOGS_TIMEOUT_MS }).catch(() => null)
    return got?.exitCode === 0 ? got.stdout.split('\n').filter((line) => line.trim() !== '' && !NO_LOGS.test(line)) : []
  }

  #context(service: string): TroubleContext {
    const registry = `${this.#definition.registryName}:${REGISTRY_PORT}`
    return { service, kubectl: kubectl(this.#definition).join(' '), registry }
  }
}
