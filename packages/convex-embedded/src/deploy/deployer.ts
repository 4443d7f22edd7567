import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Engine } from '../engine/engine.ts'
import type { Store } from '../store/store.ts'
import { finishPushResponse, schemaChange, startPushResponse } from './analysis.ts'
import { type Deployment, NOTHING_DEPLOYED } from './deployment.ts'
import { loadRevision } from './load.ts'
import { PushError, type PushRequest, sourcesOf } from './pushRequest.ts'
import { fingerprintOf, type Revisions } from './revisions.ts'
import { findViolation } from './schema.ts'

/** One change of an environment variable; null removes it. */
export interface EnvironmentChange {
  readonly name: string
  readonly value: string | null
}

/** Why other functions run from now on. */
export type InstallReason = 'push' | 'environment'

const MAX_PENDING = 4
const MAX_VARIABLES = 100
const MAX_VALUE_LENGTH = 8192
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,39}$/

export const PushTokenField = z.object({ schemaChange: z.object({ schemaIds: z.object({ push: z.string() }) }) })

/**
 * Loads what was deployed last, with the environment it was deployed in.
 * @throws PushError when it does not load any more.
 */
export async function loadDeployed(
  store: Store,
  revisions: Revisions,
  builtIn: Readonly<Record<string, string>>,
): Promise<Deployment> {
  const environment = { ...store.environment(), ...builtIn }
  const revision = Number(store.get('revision') ?? 0)
  revisions.keepOnly([revision])
  if (revision === 0) return { ...NOTHING_DEPLOYED, environment }
  return await loadRevision(revisions, revision, environment)
}

/** Takes pushes and changes of the environment: prepares them aside, then puts them in place between two transactions. */
export class Deployer {
  readonly #engine: Engine
  readonly #store: Store
  readonly #revisions: Revisions
  readonly #builtIn: () => Readonly<Record<string, string>>
  readonly #onInstall: (deployment: Deployment, reason: InstallReason) => void
  readonly #pending = new Map<string, Deployment>()
  /** Pushes and changes one after the other. */
  #queue: Promise<unknown> = Promise.resolve()

  constructor(options: {
    engine: Engine
    store: Store
    revisions: Revisions
    builtIn: () => Readonly<Record<string, string>>
    onInstall: (deployment: Deployment, reason: InstallReason) => void
  }) {
    this.#engine = options.engine
    this.#store = options.store
    this.#revisions = options.revisions
    this.#builtIn = options.builtIn
    this.#onInstall = options.onInstall
  }

  /** Loads and analyses a push. The functions that run are not touched. @throws PushError */
  async start(request: PushRequest) {
    return await this.#inTurn(async () => {
      const pending = await this.#prepare(request)
      const token = { push: randomUUID() }
      this.#pending.set(token.push, pending)
      this.#forgetOld()
      const version = request.appDefinition.udfServerVersion
      return startPushResponse(pending, this.#engine.deployment, version, token)
    })
  }

  /** What a push would change about the indexes. @throws PushError */
  async evaluate(request: PushRequest) {
    return await this.#inTurn(async () => {
      const pending = await this.#prepare(request)
      this.#forgetOld()
      return { schemaChange: schemaChange(pending, this.#engine.deployment, { push: '' }) }
    })
  }

  /** Whether the documents that are there match the schema of a push. @throws PushError */
  checkSchema(push: string) {
    const violation = findViolation(this.#find(push).schema?.analyzed ?? null, this.#engine.tables)
    if (!violation) return { type: 'complete' }
    return { type: 'failed', error: violation.message, componentPath: '', tableName: violation.table }
  }

  /** Puts a push in place. On disk and in force when this returns. @throws PushError */
  async finish(push: string, dryRun: boolean) {
    return await this.#inTurn(async () => {
      const next = this.#find(push)
      const previous = this.#engine.deployment
      if (!dryRun) await this.#install(next)
      return finishPushResponse(next, previous)
    })
  }

  /** Changes the environment and runs the functions in the new one. All of it or nothing. @throws PushError */
  async changeEnvironment(changes: readonly EnvironmentChange[]): Promise<void> {
    await this.#inTurn(async () => {
      const builtIn = this.#builtIn()
      const variables = applyChanges(this.#store.environment(), changes, builtIn)
      const environment = { ...variables, ...builtIn }
      const current = this.#engine.deployment
      if (current.revision === 0) {
        this.#store.setEnvironment(variables, null)
        await this.#swap({ ...current, environment })
        return
      }
      // A new folder, so that what the modules read at their top level is read again.
      const revision = this.#revisions.write(this.#revisions.read(current.revision))
      const next = await loadRevision(this.#revisions, revision, environment)
      this.#store.setEnvironment(variables, revision)
      await this.#swap(next)
      this.#pending.clear()
      this.#forgetOld()
    })
  }

  async #prepare(request: PushRequest): Promise<Deployment> {
    const sources = sourcesOf(request)
    const current = this.#engine.deployment
    // The CLI sends the same push twice (evaluate, start), and `dev` sends unchanged code: neither need load again.
    const fingerprint = fingerprintOf(sources, current.environment)
    const same = [current, ...this.#pending.values()].find((known) => known.fingerprint === fingerprint)
    if (same) return same
    const revision = this.#revisions.write(sources)
    try {
      const loaded = await loadRevision(this.#revisions, revision, current.environment)
      this.#pending.set(`evaluated ${revision}`, loaded)
      return loaded
    } catch (error) {
      this.#forgetOld()
      throw error
    }
  }

  async #install(next: Deployment): Promise<void> {
    const current = this.#engine.deployment
    const expected = fingerprintOf(this.#revisions.read(next.revision), current.environment)
    if (next.fingerprint !== expected) {
      throw new PushError('RaceDetected', 'The environment variables were changed during the push. Push again.')
    }
    await this.#engine.exclusively(() => {
      const violation = findViolation(next.schema?.analyzed ?? null, this.#engine.tables)
      if (violation) throw new PushError('SchemaValidationFailed', violation.message)
      this.#store.set('revision', String(next.revision))
      this.#engine.install(next)
    })
    this.#pending.clear()
    this.#forgetOld()
    this.#onInstall(next, 'push')
  }

  async #swap(next: Deployment): Promise<void> {
    await this.#engine.exclusively(() => this.#engine.install(next))
    this.#onInstall(next, 'environment')
  }

  #find(push: string): Deployment {
    const pending = this.#pending.get(push)
    if (pending) return pending
    throw new PushError('RaceDetected', 'Another push or a restart came in between. Push again.')
  }

  #forgetOld(): void {
    for (const key of [...this.#pending.keys()].slice(0, -MAX_PENDING)) this.#pending.delete(key)
    const wanted = [this.#engine.deployment, ...this.#pending.values()].map((deployment) => deployment.revision)
    this.#revisions.keepOnly(wanted)
  }

  async #inTurn<T>(body: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(body)
    this.#queue = turn.catch(() => undefined)
    return await turn
  }
}

function applyChanges(
  before: Readonly<Record<string, string>>,
  changes: readonly EnvironmentChange[],
  builtIn: Readonly<Record<string, string>>,
): Record<string, string> {
  const variables = { ...before }
  for (const { name, value } of changes) {
    if (!NAME.test(name) || name === '__proto__' || Object.hasOwn(builtIn, name)) {
      throw new PushError('EnvironmentVariableNameInvalid', `"${name}" cannot be the name of an environment variable.`)
    }
    if (value === null) delete variables[name]
    else if (value.length <= MAX_VALUE_LENGTH) variables[name] = value
    else throw new PushError('EnvironmentVariableValueTooLarge', `${name} is larger than ${MAX_VALUE_LENGTH} bytes.`)
  }
  if (Object.keys(variables).length <= MAX_VARIABLES) return variables
  throw new PushError('TooManyEnvironmentVariables', `A deployment has at most ${MAX_VARIABLES} variables.`)
}
