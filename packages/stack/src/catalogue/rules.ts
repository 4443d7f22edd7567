import { didYouMean } from '../errors/didYouMean.ts'
import { findCycle } from './graph.ts'
import type { CatalogueProblem, Path } from './problem.ts'
import { referenceProblems } from './references.ts'
import type { Catalogue, Service } from './schema.ts'

type Rule = (catalogue: Catalogue) => readonly CatalogueProblem[]

/** What the shape of a catalogue cannot say. */
export function brokenRules(catalogue: Catalogue): readonly CatalogueProblem[] {
  const rules: readonly Rule[] = [
    uniqueIds,
    uniqueEndpoints,
    uniquePorts,
    needsExist,
    noCycle,
    checks,
    hintsCompile,
    embeddedIsComplete,
    referencesResolve,
  ]
  return rules.flatMap((rule) => rule(catalogue))
}

const uniqueIds: Rule = (catalogue) => {
  const ids = entries(catalogue).map(({ entry, path }) => ({
    key: entry.id,
    path: [...path, 'id'],
    owner: entry.title,
  }))
  return duplicates(ids, (id, owner) => `the id "${id}" is taken by ${owner}`)
}

const uniqueEndpoints: Rule = (catalogue) =>
  entries(catalogue).flatMap(({ entry, path }) => {
    const names = entry.endpoints.map(({ name }, index) => ({
      key: name,
      path: [...path, 'endpoints', index, 'name'],
      owner: entry.id,
    }))
    return duplicates(names, (name, owner) => `${owner} has two endpoints "${name}"`)
  })

const uniquePorts: Rule = (catalogue) => {
  const ports = entries(catalogue).flatMap(({ entry, path }) =>
    entry.endpoints.flatMap(({ name, localPort, forwardPort }, index) =>
      Object.entries({ localPort, forwardPort }).flatMap(([field, port]) => {
        const owner = `${entry.id}.${name}`
        return port === undefined ? [] : [{ key: port, path: [...path, 'endpoints', index, field], owner }]
      }),
    ),
  )
  return duplicates(ports, (port, owner) => `the local port ${port} is taken by ${owner}`)
}

const needsExist: Rule = ({ services }) =>
  services.flatMap((service, index) =>
    service.needs.flatMap((_, position) => {
      const message = needProblem(service, position, services)
      return message === null ? [] : [{ path: ['services', index, 'needs', position], message }]
    }),
  )

function needProblem(service: Service, position: number, services: readonly Service[]): string | null {
  const need = service.needs[position]
  if (!need) return null
  const other = services.find((candidate) => candidate.id === need.id)
  if (!other) {
    const meant = didYouMean(need.id, services.map(({ id }) => id)) // biome-ignore format: one look-up
    return `${service.id} needs "${need.id}", which is no service${meant === undefined ? '' : `; did you mean "${meant}"?`}`
  }
  if (service.needs.findIndex(({ id }) => id === need.id) < position) return `${service.id} needs ${need.id} twice`
  if (other.kind === 'job' && need.until !== 'completed') return `${need.id} is a job: expected "until: completed"`
  if (other.kind === 'server' && need.until === 'completed') {
    return `${need.id} is a server, it never completes: expected "until: healthy" or "until: started"`
  }
  return null
}

const noCycle: Rule = ({ services }) => {
  const cycle = findCycle(services)
  if (!cycle) return []
  const index = services.findIndex(({ id }) => id === cycle[0])
  const position = services[index]?.needs.findIndex(({ id }) => id === cycle[1]) ?? 0
  return [
    {
      path: ['services', index, 'needs', position],
      message: `services need each other in a circle: ${cycle.join(' → ')}`,
    },
  ]
}

const checks: Rule = ({ services }) =>
  services.flatMap((service, index) => {
    const path = ['services', index]
    if (service.kind === 'server' && !service.ready) {
      return [
        { path: [...path, 'kind'], message: `${service.id} is a server: expected "ready", how to see that it works` },
      ]
    }
    if (service.kind === 'job' && service.ready) {
      return [
        {
          path: [...path, 'ready'],
          isKey: true,
          message: `${service.id} is a job: it is done when it has completed, expected no "ready"`,
        },
      ]
    }
    const message = readyProblem(service)
    return message === null ? [] : [{ path: [...path, 'ready', 'endpoint'], message }]
  })

function readyProblem({ id, ready, endpoints }: Service): string | null {
  if (!ready || ready.kind === 'exec') return null
  const endpoint = endpoints.find(({ name }) => name === ready.endpoint)
  if (!endpoint) {
    const names = endpoints.map(({ name }) => name)
    return `${id} has no endpoint "${ready.endpoint}": expected ${names.length === 0 ? 'one in its endpoints' : names.join(' or ')}`
  }
  if (ready.kind === 'tcp' || ready.kind === endpoint.scheme) return null
  return `the check of ${id} is ${ready.kind}, its endpoint "${endpoint.name}" is ${endpoint.scheme}: expected an endpoint with "scheme: ${ready.kind}"`
}

const hintsCompile: Rule = ({ services }) =>
  services.flatMap((service, index) =>
    service.hints.flatMap((hint, position) => {
      const message = regularExpressionProblem(hint.match)
      return message === null ? [] : [{ path: ['services', index, 'hints', position, 'match'], message }]
    }),
  )

function regularExpressionProblem(source: string): string | null {
  try {
    return new RegExp(source).test('')
      ? 'it matches every line: expected a regular expression that does not match an empty line'
      : null
  } catch (error) {
    return `expected a regular expression: ${error instanceof Error ? error.message : String(error)}`
  }
}

const embeddedIsComplete: Rule = ({ services }) =>
  services.flatMap(({ id, embedded }, index) => {
    if (!embedded) return []
    const path = ['services', index, 'embedded']
    const { argv, partOf, program, database, standIn } = embedded
    if ((argv === undefined) === (partOf === undefined)) {
      return [{ path, message: `${id}: expected either "argv", its process, or "partOf", whose process it is in` }]
    }
    const owner = services.find((service) => service.id === partOf)
    if (partOf !== undefined && !owner?.embedded?.argv) {
      return [{ path: [...path, 'partOf'], message: `"${partOf}" is no service with a process in embedded mode` }]
    }
    if ((program === undefined) === usesProgram(argv ?? [])) {
      return [{ path, message: `${id}: "program" says what \${program} in "argv" is: expected both or neither` }]
    }
    if (standIn && program === undefined) {
      return [{ path: [...path, 'standIn'], isKey: true, message: `${id} has no "program" to stand in for` }]
    }
    if ((database === undefined) !== (standIn?.database === undefined)) {
      const message = `${id}: "database" tells the data of program and stand-in apart: expected it for both or neither`
      return [{ path, message }]
    }
    return []
  })

function usesProgram(argv: readonly string[]): boolean {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference in stack.yaml
  return argv.some((argument) => argument.includes('${program}'))
}

const referencesResolve: Rule = (catalogue) =>
  catalogue.services.flatMap(({ embedded }, index) => {
    if (!embedded) return []
    const path = ['services', index, 'embedded']
    const texts = [
      ...launchTexts({ ...embedded, argv: embedded.argv ?? [] }, path),
      ...(embedded.standIn ? launchTexts(embedded.standIn, [...path, 'standIn']) : []),
    ]
    return texts.flatMap((one) =>
      referenceProblems(one.text, catalogue).map((message) => ({ path: one.path, message })),
    )
  })

interface LaunchTexts {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly database?: string | undefined
}

function launchTexts(launch: LaunchTexts, path: Path) {
  return [
    ...(launch.database === undefined ? [] : [{ text: launch.database, path: [...path, 'database'] }]),
    ...launch.argv.map((text, position) => ({ text, path: [...path, 'argv', position] })),
    ...Object.entries(launch.env).map(([name, text]) => ({ text, path: [...path, 'env', name] })),
  ]
}

function entries(catalogue: Catalogue) {
  return (['platform', 'services'] as const).flatMap((part) =>
    catalogue[part].map((entry, index) => ({ entry, path: [part, index] as Path })),
  )
}

interface Named<Key> {
  readonly key: Key
  readonly path: Path
  readonly owner: string
}

/** A problem for every item whose key an earlier one has. */
function duplicates<Key>(
  items: readonly Named<Key>[],
  say: (key: Key, firstOwner: string) => string,
): readonly CatalogueProblem[] {
  const first = new Map<Key, Named<Key>>()
  return items.flatMap((item) => {
    const earlier = first.get(item.key)
    if (!earlier) first.set(item.key, item)
    return earlier ? [{ path: item.path, message: say(item.key, earlier.owner) }] : []
  })
}
