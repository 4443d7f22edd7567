import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { SUPERVISE, SUPERVISOR_LOG } from '../checkout/paths.ts'
import { ExitCode } from '../errors/exitCodes.ts'
import { NebulaError } from '../errors/nebulaError.ts'
import { findScript, identifyProcess, isSameProcess, type ProcessIdentity, terminate } from '../system/processes.ts'
import { startInBackground } from '../system/startInBackground.ts'
import { lastLines } from '../system/text.ts'
import { until } from '../system/until.ts'
import type { Programs } from './programs/programs.ts'
import { ownerMark } from './state/embeddedStack.ts'
import { type EmbeddedState, readState, removeState } from './state/supervisorState.ts'
import { clearTemporaryFolder, temporaryFolder } from './state/temporaryFolder.ts'

/** A supervisor and what it says it runs. */
export interface Supervised {
  readonly kind: 'supervised'
  readonly supervisor: ProcessIdentity
  readonly state: EmbeddedState
}

/** A supervisor whose state was deleted (`git clean -xfd`): it writes it again, until then nobody knows of its services. */
export interface Unwritten {
  readonly kind: 'unwritten'
  readonly supervisor: ProcessIdentity
}

/** What a supervisor that was killed has left. */
export interface Abandoned {
  readonly kind: 'abandoned'
  readonly services: EmbeddedState['services']
  /** Those whose process is still there. */
  readonly orphans: readonly { id: string; process: ProcessIdentity }[]
}

/** What runs in a checkout, as one look found it. */
export type Running = Supervised | Unwritten | Abandoned | { readonly kind: 'nothing' }

const INTERVAL_MS = 50
const RETRY_DEADLINE_MS = 5_000
/** The supervisor looks every two seconds. */
const REWRITE_DEADLINE_MS = 6_000
const START_DEADLINE_MS = 15_000
const START_GRACE_MS = 5_000
const ORPHAN_GRACE_MS = 5_000

/** What a command knows of the supervisor of a checkout, which is another process, and how it starts and ends it. */
export class SupervisorLink {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  /** What of this checkout runs: by what its supervisor wrote down, and without that by what it is. */
  async look(): Promise<Running> {
    const state = await readState(this.#root)
    if (state && (await isSameProcess(state.supervisor))) {
      return { kind: 'supervised', supervisor: state.supervisor, state }
    }
    const [supervisor] = await findScript(path.join(this.#root, SUPERVISE))
    if (supervisor) return { kind: 'unwritten', supervisor }
    return state ? await this.#abandoned(state) : { kind: 'nothing' }
  }

  /**
   * What a supervisor does, once it has written down again what was deleted.
   * @throws NebulaError when it does not.
   */
  async written(found: Supervised | Unwritten): Promise<Supervised> {
    const running = found.kind === 'supervised' ? found : await this.#untilWritten(() => true, REWRITE_DEADLINE_MS)
    if (running) return running
    throw new NebulaError(`the supervisor (pid ${found.supervisor.pid}) runs, but does not write down what it does`, {
      code: 'STATE_LOST',
      hint: 'npm run down',
      exitCode: ExitCode.Precondition,
    })
  }

  /**
   * Has the supervisor try again what has failed, and waits until it has taken note, so that nobody shows the old failure.
   * @returns the ids of what had failed.
   */
  async retryFailed({ supervisor, state }: Supervised): Promise<readonly string[]> {
    const failed = state.services.filter((service) => service.state === 'failed').map(({ id }) => id)
    if (failed.length === 0) return []
    process.kill(supervisor.pid, 'SIGHUP')
    await this.#untilWritten(({ retries }) => retries > state.retries, RETRY_DEADLINE_MS)
    return failed
  }

  /** @returns null when a supervisor has not written down what is waited for within the deadline. */
  async #untilWritten(isSo: (state: EmbeddedState) => boolean, deadlineMs: number): Promise<Supervised | null> {
    let found: Supervised | null = null
    const isWritten = async () => {
      const running = await this.look()
      found = running.kind === 'supervised' && isSo(running.state) ? running : null
      return found !== null
    }
    await until(isWritten, { deadlineMs, intervalMs: INTERVAL_MS })
    return found
  }

  /**
   * Starts a supervisor in the background, where no Ctrl-C reaches it, and waits until it has written down that it runs.
   * @throws NebulaError with what it said when it ends at once, or when it is not there in time.
   */
  async start(programs: Programs, deadlineMs = START_DEADLINE_MS): Promise<void> {
    const isWritten = async (own: number) => {
      const running = await this.look()
      return running.kind === 'supervised' && running.supervisor.pid === own
    }
    const { outcome, pid } = await startInBackground(
      {
        argv: [process.execPath, path.join(this.#root, SUPERVISE), JSON.stringify(programs)],
        cwd: this.#root,
        log: path.join(this.#root, SUPERVISOR_LOG),
      },
      isWritten,
      { deadlineMs, intervalMs: INTERVAL_MS },
    )
    if (outcome === 'ended') throw await this.ended()
    if (outcome === 'there' || pid === undefined) return
    // Nobody else would ever find it. It may just have ended.
    const identity = await identifyProcess(pid)
    if (identity) await terminate(identity, { signal: 'SIGTERM', graceMs: START_GRACE_MS })
    throw new NebulaError(`the supervisor (pid ${pid}) did not start within ${deadlineMs / 1000} s, and was ended`, {
      code: 'SUPERVISOR_SLOW',
      hint: 'npm run up',
    })
  }

  /**
   * Ends the supervisor and all it runs, also what a killed one left.
   * @param graceMs how long all of it may take to end in good order, milliseconds.
   * @returns whether anything was running.
   */
  async end(graceMs: number): Promise<boolean> {
    const running = await this.look()
    const supervisor = 'supervisor' in running ? running.supervisor : null
    if (supervisor) await terminate(supervisor, { signal: 'SIGTERM', graceMs })
    // One that had to be killed may have left some of its services.
    const left = supervisor ? await this.look() : running
    const ended = left.kind === 'abandoned' ? await this.endAbandoned(left) : []
    removeState(this.#root)
    return supervisor !== null || ended.length > 0
  }

  /**
   * Ends the processes that a supervisor left behind, told by pid, start time and the checkout in their environment.
   * @returns the ids of their services, what depends on others first.
   */
  async endAbandoned({ services }: Abandoned): Promise<readonly string[]> {
    const mark = ownerMark(this.#root)
    const ended: string[] = []
    for (const { id, process } of services.toReversed()) {
      if (!process) continue
      // SIGINT: the real Convex backend knows no other way to end in good order, and all others take it too.
      const how = { signal: 'SIGINT', graceMs: ORPHAN_GRACE_MS, group: 'leader-first', mark } as const
      if ((await terminate(process, how)) !== 'was-gone') ended.push(id)
      clearTemporaryFolder(temporaryFolder(this.#root, id))
    }
    return ended
  }

  /** An error with the end of what the supervisor said, which has ended. */
  async ended(): Promise<NebulaError> {
    const said = await readFile(path.join(this.#root, SUPERVISOR_LOG), 'utf8').catch(() => '')
    return new NebulaError(`the supervisor ended. The end of ${SUPERVISOR_LOG}:\n${lastLines(said, 5)}`, {
      code: 'SUPERVISOR_ENDED',
      hint: 'npm run up',
    })
  }

  async #abandoned({ services }: EmbeddedState): Promise<Abandoned> {
    const mark = ownerMark(this.#root)
    const children = services.flatMap(({ id, process }) => (process ? [{ id, process }] : []))
    const alive = await Promise.all(children.map(({ process }) => isSameProcess(process, mark)))
    return { kind: 'abandoned', services, orphans: children.filter((_, index) => alive[index]) }
  }
}
