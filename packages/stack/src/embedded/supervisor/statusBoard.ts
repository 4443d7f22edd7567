import { EventEmitter, once } from 'node:events'
import type { Service } from '../../catalogue/schema.ts'
import { isGreen, type ServiceStatus } from '../../driver/serviceStatus.ts'

/** What all services of a running stack do, for whoever waits for one of them. */
export class StatusBoard {
  readonly #statuses: Map<string, ServiceStatus>
  readonly #changes = new EventEmitter<{ change: [] }>()

  constructor(services: readonly Service[]) {
    this.#statuses = new Map(services.map(({ id }) => [id, { id, state: 'waiting' }]))
    this.#changes.setMaxListeners(0)
  }

  /** Every service's status, in the catalogue's order. */
  all(): readonly ServiceStatus[] {
    return [...this.#statuses.values()]
  }

  get(id: string): ServiceStatus {
    return this.#statuses.get(id) ?? { id, state: 'unknown' }
  }

  set(status: ServiceStatus): void {
    this.#statuses.set(status.id, status)
    this.#changes.emit('change')
  }

  onChange(listener: () => void): void {
    this.#changes.on('change', listener)
  }

  /**
   * Waits until every need is met.
   * @param onWait told the ids of those that are not, at first and whenever it changes.
   * @throws the signal's reason when it aborts.
   */
  async untilMet(
    needs: Service['needs'],
    onWait: (ids: readonly string[]) => void,
    signal: AbortSignal,
  ): Promise<void> {
    let told = ''
    for (;;) {
      signal.throwIfAborted()
      const missing = needs.filter((need) => !this.#isMet(need)).map(({ id }) => id)
      if (missing.length === 0) return
      if (missing.join() !== told) onWait(missing)
      told = missing.join()
      await once(this.#changes, 'change', { signal })
    }
  }

  #isMet({ id, until }: Service['needs'][number]): boolean {
    const status = this.get(id)
    return isGreen(status) || (until === 'started' && status.state === 'starting')
  }
}
