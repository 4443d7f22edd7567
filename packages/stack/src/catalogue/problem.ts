/** Where in the catalogue: keys and positions from the top, `['services', 2, 'ready', 'kind']`. */
export type Path = readonly (string | number)[]

/** Something in the catalogue that has to be changed, and what is expected. */
export interface CatalogueProblem {
  readonly path: Path
  readonly message: string
  /** Set when the key itself is meant, not its value. */
  readonly isKey?: boolean
}

/** The value at a path, or undefined where there is none. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((current, key) => {
    if (current === null || typeof current !== 'object') return undefined
    return Object.getOwnPropertyDescriptor(current, key)?.value
  }, value)
}

/** A path for people: list items are called by their id or name, `services[temporal].endpoints[grpc].localPort`. */
export function showPath(root: unknown, path: Path): string {
  return path.reduce<string>((shown, key, index) => {
    if (typeof key === 'string') return shown === '' ? key : `${shown}.${key}`
    const item = path.slice(0, index + 1)
    const name = valueAt(root, [...item, 'id']) ?? valueAt(root, [...item, 'name'])
    return `${shown}[${typeof name === 'string' ? name : key}]`
  }, '')
}
