/** A process of which more is known than that it listens. */
export interface Listener {
  readonly pid: number
  /** Its command line, at most 120 characters of it. */
  readonly command: string
  readonly cwd?: string
}

/** Who listens on a port. `unknown` when this user may not see whose process it is. */
export type PortHolder = ((Listener & { readonly unknown?: false }) | UnknownHolder) & {
  /** The container behind it, when it is one of Docker's ports. */
  readonly container?: string
}

export interface UnknownHolder {
  readonly unknown: true
  readonly pid?: undefined
  /** Whose it is, where the system tells. */
  readonly user?: string
}
