import { once } from 'node:events'

/** Lets somebody wait until he is called; a call that nobody waits for is kept for the next one who does. */
export class WakeUp {
  readonly #target = new EventTarget()
  #pending = false

  call(): void {
    this.#pending = true
    this.#target.dispatchEvent(new Event('call'))
  }

  forget(): void {
    this.#pending = false
  }

  /** @throws an AbortError when the signal aborts. */
  async wait(signal: AbortSignal): Promise<void> {
    if (!this.#pending) await once(this.#target, 'call', { signal })
    this.#pending = false
  }
}
