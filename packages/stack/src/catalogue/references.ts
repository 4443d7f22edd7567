import { didYouMean } from '../errors/didYouMean.ts'
import { NebulaError } from '../errors/nebulaError.ts'
import { SECRET_NAMES } from '../secrets/secretNames.ts'
import type { Secrets } from '../secrets/secrets.ts'
import { allEndpoints, findEndpoint } from './endpoints.ts'
import type { Catalogue } from './schema.ts'

/*
 * The whole grammar of references in argv and env:
 *
 *   ${service.endpoint.address}   127.0.0.1:7233
 *   ${service.endpoint.url}       http://127.0.0.1:3210
 *   ${service.endpoint.host}      127.0.0.1
 *   ${service.endpoint.port}      3210
 *   ${secret.NAME}                a secret of this checkout
 *   ${data}                       the folder that the service keeps its data in
 *   ${temporary}                  an empty folder with a short path, there as long as the process is
 *   ${program}                    where the native program was found that the service names
 */
const REFERENCE = /\$\{(?<name>[^{}]*)\}/g
const ENDPOINT = /^(?<owner>[a-z0-9-]+)\.(?<endpoint>[a-z0-9]+)\.(?<part>address|url|host|port)$/
const SECRET = /^secret\.(?<secret>\w+)$/
// biome-ignore lint/suspicious/noTemplateCurlyInString: shown to a person as it is
const FORMS = '${service.endpoint.address|url|host|port}, ${secret.NAME}, ${data}, ${temporary} or ${program}'
const HOST = '127.0.0.1'

export interface ReferenceContext {
  readonly catalogue: Pick<Catalogue, 'platform' | 'services'>
  readonly secrets: Secrets
  /** Where the service keeps its data, absolute. */
  readonly data: string
  /** Its folder for temporary files, absolute. */
  readonly temporary: string
  /** Where the native program is, absolute; for a service that names one. */
  readonly program?: string
}

/**
 * Puts values in the place of the references in a text.
 * @throws NebulaError when one refers to nothing; in a loaded catalogue none does.
 */
export function resolveReferences(text: string, context: ReferenceContext): string {
  const [problem] = referenceProblems(text, context.catalogue)
  if (problem !== undefined) throw new NebulaError(problem, { code: 'REFERENCE_INVALID', hint: 'see infra/stack.yaml' })
  return text.replaceAll(REFERENCE, (_, name: string) => resolve(name, context))
}

/** What is wrong with the references in a text; empty when all of them refer to something. */
export function referenceProblems(text: string, catalogue: ReferenceContext['catalogue']): readonly string[] {
  const problems = [...text.matchAll(REFERENCE)].flatMap(([reference, name = '']) => {
    const problem = problemOf(name, catalogue)
    return problem === null ? [] : [`${reference}: ${problem}`]
  })
  const isUnfinished = text.replaceAll(REFERENCE, '').includes('${')
  return isUnfinished ? [...problems, `${text}: a reference without its end; expected ${FORMS}`] : problems
}

function problemOf(name: string, catalogue: ReferenceContext['catalogue']): string | null {
  if (name === 'data' || name === 'temporary' || name === 'program') return null
  const secret = SECRET.exec(name)?.groups?.secret
  if (secret !== undefined) return unknownOf('secret', secret, SECRET_NAMES)
  const { owner, endpoint } = ENDPOINT.exec(name)?.groups ?? {}
  if (owner === undefined || endpoint === undefined) return `no reference; expected ${FORMS}`
  const endpoints = allEndpoints(catalogue)
  const ofOwner = endpoints.filter((candidate) => candidate.owner === owner)
  if (ofOwner.length === 0)
    return unknownOf(
      'service with endpoints',
      owner,
      endpoints.map((candidate) => candidate.owner),
    )
  return unknownOf(
    `endpoint of ${owner}`,
    endpoint,
    ofOwner.map((candidate) => candidate.name),
  )
}

function unknownOf(what: string, name: string, known: readonly string[]): string | null {
  if (known.includes(name)) return null
  const meant = didYouMean(name, known)
  return `there is no ${what} "${name}"${meant === undefined ? `; there is ${[...new Set(known)].join(', ')}` : `; did you mean "${meant}"?`}`
}

function resolve(name: string, { catalogue, secrets, data, temporary, program }: ReferenceContext): string {
  if (name === 'data') return data
  if (name === 'temporary') return temporary
  if (name === 'program') return program ?? ''
  const secret = SECRET_NAMES.find((candidate) => name === `secret.${candidate}`)
  if (secret !== undefined) return secrets[secret]
  const { owner = '', endpoint = '', part } = ENDPOINT.exec(name)?.groups ?? {}
  const { scheme, localPort } = findEndpoint(catalogue, owner, endpoint)
  if (part === 'host') return HOST
  if (part === 'port') return String(localPort)
  const address = `${HOST}:${localPort}`
  return part === 'url' ? `${scheme}://${address}` : address
}
