import type { RouteSpecWithPath } from 'convex/server'
import type { AuthProvider } from '../auth/providers.ts'
import type { SchemaInternals } from '../engine/internals.ts'
import type { DeployedFunction } from './functions.ts'
import type { AnalyzedSchema } from './schema.ts'

/** The router that `http.ts` exports. */
export interface HttpRouter {
  lookup(path: string, method: string): readonly [HttpHandler, string, string] | null
  getRoutes(): readonly (readonly [path: string, method: RouteSpecWithPath['method'], handler: unknown])[]
}

interface HttpHandler {
  readonly _handler?: (ctx: unknown, request: Request) => Promise<Response>
}

/** One entry of `crons.ts`. */
export interface CronSpec {
  readonly name: string
  readonly args: readonly unknown[]
  readonly schedule: Readonly<Record<string, unknown>> & { readonly type: string }
}

/** Everything that one push brought, loaded and ready to run. Data only: it changes nothing by being there. */
export interface Deployment {
  /** Number of its folder under `functions/`. */
  readonly revision: number
  /** What the sources and the environment were, to recognise the same push again. */
  readonly fingerprint: string
  /** By path: `runs:create`. */
  readonly functions: ReadonlyMap<string, DeployedFunction>
  /** Paths of the modules that may hold functions, with extension. */
  readonly modules: readonly string[]
  readonly http: HttpRouter | null
  readonly crons: Readonly<Record<string, CronSpec>>
  readonly auth: readonly AuthProvider[]
  readonly schema: { readonly internals: SchemaInternals; readonly analyzed: AnalyzedSchema } | null
  readonly environment: Readonly<Record<string, string>>
}

/** What runs before the first push. */
export const NOTHING_DEPLOYED: Omit<Deployment, 'environment'> = {
  revision: 0,
  fingerprint: '',
  functions: new Map(),
  modules: [],
  http: null,
  crons: {},
  auth: [],
  schema: null,
}
