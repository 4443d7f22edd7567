import type { Store } from './store/store.ts'

const KEYS = { convexCloud: 'origin convexCloud', convexSite: 'origin convexSite' } as const

/** The URLs by which browsers reach the deployment; they stand in the URLs of files, and in the environment. */
export class Origins {
  readonly #store: Store
  #defaults = { cloud: '', site: '' }

  constructor(store: Store) {
    this.#store = store
  }

  setDefaults(cloud: string, site: string): void {
    this.#defaults = { cloud, site }
  }

  get cloud(): string {
    return this.#store.get(KEYS.convexCloud) || this.#defaults.cloud
  }

  get site(): string {
    return this.#store.get(KEYS.convexSite) || this.#defaults.site
  }

  /** Replaces one of them, or with null goes back to the configured one. */
  override(destination: keyof typeof KEYS, url: string | null): void {
    this.#store.set(KEYS[destination], (url ?? '').replace(/\/$/, ''))
  }
}
