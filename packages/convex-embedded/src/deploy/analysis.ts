import type { Deployment } from './deployment.ts'
import type { DeployedFunction } from './functions.ts'
import { diffIndexes } from './schema.ts'

const UDF_TYPES = { query: 'Query', mutation: 'Mutation', action: 'Action' } as const

/** How a push tells the pending deployment apart: the CLI hands it back unread. */
export interface PushToken {
  readonly push: string
}

/** The answer to start_push. Source: convex, src/cli/lib/deployApi/startPush.ts */
export function startPushResponse(pending: Deployment, current: Deployment, serverVersion: string, token: PushToken) {
  return {
    environmentVariables: {},
    externalDepsId: null,
    componentDefinitionPackages: {},
    appAuth: pending.auth.map((provider) =>
      provider.type === 'customJwt'
        ? { ...provider, applicationID: provider.applicationID ?? null }
        : { applicationID: provider.applicationID, domain: provider.domain },
    ),
    analysis: {
      '': {
        definition: {
          path: '',
          definitionType: { type: 'app' },
          childComponents: [],
          httpMounts: {},
          exports: { type: 'branch', branch: [] },
        },
        schema: pending.schema?.analyzed ?? null,
        functions: Object.fromEntries(pending.modules.map((path) => [path, analyzedModule(pending, path)])),
        udfConfig: {
          serverVersion,
          importPhaseRngSeed: { $bytes: '' },
          importPhaseUnixTimestamp: { $integer: 'AAAAAAAAAAA=' },
        },
      },
    },
    app: {
      definitionPath: '',
      componentPath: '',
      args: {},
      childComponents: {},
      httpRoutes: { httpModuleRoutes: pending.http ? routesOf(pending) : null, mounts: [] },
      exports: {},
    },
    schemaChange: schemaChange(pending, current, token),
  }
}

export function schemaChange(pending: Deployment, current: Deployment, token: PushToken) {
  return {
    allocatedComponentIds: {},
    schemaIds: token,
    indexDiffs: { '': diffIndexes(current.schema?.analyzed ?? null, pending.schema?.analyzed ?? null) },
  }
}

/** The answer to finish_push. Source: convex, src/cli/lib/deployApi/finishPush.ts */
export function finishPushResponse(next: Deployment, previous: Deployment) {
  const missingIn = (names: readonly string[], others: readonly string[]) => names.filter((n) => !others.includes(n))
  const issuers = (deployment: Deployment) =>
    deployment.auth.map((auth) => ('issuer' in auth ? auth.issuer : auth.domain))
  const crons = [Object.keys(next.crons), Object.keys(previous.crons)] as const
  return {
    authDiff: {
      added: missingIn(issuers(next), issuers(previous)),
      removed: missingIn(issuers(previous), issuers(next)),
    },
    definitionDiffs: {},
    componentDiffs: {
      '': {
        diffType: { type: previous.revision === 0 ? 'create' : 'modify' },
        moduleDiff: {
          added: missingIn(next.modules, previous.modules),
          removed: missingIn(previous.modules, next.modules),
        },
        udfConfigDiff: null,
        cronDiff: { added: missingIn(crons[0], crons[1]), updated: [], deleted: missingIn(crons[1], crons[0]) },
        indexDiff: diffIndexes(previous.schema?.analyzed ?? null, next.schema?.analyzed ?? null),
        schemaDiff: null,
      },
    },
  }
}

/** The answer to `_system/cli/modules:apiSpec`, which `convex function-spec` prints. */
export function apiSpec(deployment: Deployment) {
  const functions = [...deployment.functions.values()].map((deployed) => ({
    functionType: UDF_TYPES[deployed.kind],
    identifier: `${deployed.module}.js:${deployed.name}`,
    visibility: { kind: deployed.visibility },
    args: JSON.parse(deployed.argsJson),
    returns: JSON.parse(deployed.returnsJson) ?? { type: 'any' },
  }))
  return [...functions, ...routesOf(deployment).map((route) => ({ functionType: 'HttpAction', ...route }))]
}

function analyzedModule(deployment: Deployment, path: string) {
  const module = path.replace(/\.m?js$/, '')
  const functions = [...deployment.functions.values()].filter((deployed) => deployed.module === module)
  return {
    functions: functions.map(analyzedFunction),
    httpRoutes: path === 'http.js' ? routesOf(deployment) : null,
    cronSpecs: null,
    sourceMapped: null,
  }
}

function analyzedFunction(deployed: DeployedFunction) {
  return {
    name: deployed.name,
    pos: null,
    udfType: UDF_TYPES[deployed.kind],
    visibility: { kind: deployed.visibility },
    args: deployed.argsJson,
    returns: deployed.returnsJson,
  }
}

function routesOf(deployment: Deployment) {
  return (deployment.http?.getRoutes() ?? []).map(([path, method]) => ({ path, method }))
}
