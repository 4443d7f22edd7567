import { readdirSync, readFileSync, statSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import path from 'node:path'
import { allEndpoints, portsOf } from '@nebula/stack/catalogue/endpoints'
import { parseCatalogue } from '@nebula/stack/catalogue/load'
import { SECRETS_FILE, STATE_FOLDER } from '@nebula/stack/checkout/paths'
import { STACK_FILE } from '@nebula/stack/checkout/root'
import type { Secrets } from '@nebula/stack/secrets/secrets'
import { rawRequest, requestText } from '../../packages/stack/test/rawRequest.ts'
import { run } from './nebula.ts'

/** A secret, and where it is that it should not be: `convexAdminKey: packages/convex/.env.local`. Never its value. */
export type Trace = string

/** What `inFiles` finds, sorted, where each secret is only in files that are for it. */
export const FILES_WITH_SECRETS: readonly Trace[] = [
  'convexAdminKey: .nebula/secrets.json',
  'convexAdminKey: packages/convex/.env.local',
  'convexInstanceSecret: .nebula/secrets.json',
  'postgresPassword: .nebula/secrets.json',
  'serviceKey: .nebula/secrets.json',
]

/** Looks for a checkout's secrets, in every form in which they may turn up. */
export class SecretTraces {
  readonly #root: string
  readonly #forms: readonly { readonly name: string; readonly form: Buffer }[]

  constructor(root: string, secrets = secretsOf(root)) {
    this.#root = root
    this.#forms = Object.entries(partsOf(secrets)).flatMap(([name, values]) =>
      values.flatMap((value) => formsOf(value).map((form) => ({ name, form: Buffer.from(form, 'latin1') }))),
    )
  }

  /** @param where whose text this is, for the trace. */
  in(where: string, text: string | Buffer): readonly Trace[] {
    const bytes = typeof text === 'string' ? Buffer.from(text, 'latin1') : text
    const names = this.#forms.filter(({ form }) => bytes.includes(form)).map(({ name }) => name)
    return [...new Set(names)].map((name) => `${name}: ${where}`)
  }

  /**
   * In the files of this checkout, of the folder for temporary files and of the home. What was last written to before
   * there was a place for secrets cannot hold one; their file itself may be a later one, if they were lost and found.
   */
  async inFiles(): Promise<readonly Trace[]> {
    const since = statSync(path.join(this.#root, STATE_FOLDER)).birthtimeMs - 1_000
    const folders = [this.#root, tmpdir(), '/tmp', homedir()]
    const newer = ['-type', 'f', '-newermt', `@${since / 1000}`, '-print0']
    const found = (await run(this.#root, ['find', ...new Set(folders), '-xdev', ...newer])).stdout.split('\0')
    const files = [...new Set(found.filter(Boolean))]
    return files.flatMap((file) => {
      const content = contentOf(file)
      return content === null ? [] : this.in(path.relative(this.#root, file), content)
    })
  }

  /** On the command line of any process: every user of the machine reads those. */
  inArguments(): readonly Trace[] {
    return processes().flatMap((pid) => {
      const line = contentOf(`/proc/${pid}/cmdline`)
      return line === null ? [] : this.in(`command line of ${programOf(line)}`, line)
    })
  }

  /** In the environment of any process that this user may look into: of what each needs, and of nothing else. */
  inEnvironments(): readonly Trace[] {
    return processes().flatMap((pid) => {
      const [environment, line] = [contentOf(`/proc/${pid}/environ`), contentOf(`/proc/${pid}/cmdline`)]
      return environment && line ? this.in(`environment of ${programOf(line)}`, environment) : []
    })
  }

  /** In what any port of the stack answers to whoever asks without a secret, whatever name he has for this machine. */
  async inAnswers(): Promise<readonly Trace[]> {
    const catalogue = parseCatalogue(readFileSync(path.join(this.#root, STACK_FILE), 'utf8'), STACK_FILE)
    const ports = allEndpoints(catalogue).flatMap((endpoint) =>
      portsOf(endpoint).map((port) => ({ port, who: `${endpoint.owner} ${endpoint.name}` })),
    )
    const asked = ports.flatMap((at) =>
      ['localhost', 'stranger.example'].flatMap((name) =>
        PATHS.map((target) => ({
          ...at,
          host: `${name}:${at.port}`,
          name,
          target: target.replace('$ROOT', this.#root),
        })),
      ),
    )
    const answers = asked.map(async ({ port, who, host, name, target }) => {
      const request = requestText(encodeURI(target), host, ['Accept: text/html, */*', 'Connection: close'])
      const answer = await rawRequest(port, request).catch(({ message }: Error) => message)
      return this.in(`${who}, asked as ${name} for ${target.replace(this.#root, '$ROOT')}`, answer)
    })
    return (await Promise.all(answers)).flat()
  }
}

/** What a stranger would try: pages, status, what lists settings, and files of the checkout. */
const PATHS = [
  '/',
  '/version',
  '/health',
  '/metrics',
  '/instance_name',
  '/api',
  '/api/view',
  '/api/snapshot/new',
  '/api/dump/engine',
  '/proxy/apis/tilt.dev/v1alpha1/kubernetesapplys',
  '/proxy/apis/tilt.dev/v1alpha1/configmaps',
  '/debug/pprof/cmdline',
  '/debug/pprof/goroutine?debug=2',
  '/api/check_admin_key',
  '/api/current_deployment',
  '/api/list_environment_variables',
  '/api/v1/list_environment_variables',
  '/api/v1/get_canonical_urls',
  '/api/query?path=worker:open&args={}',
  '/api/v1/namespaces/default/workflows',
  '/api/v1/settings',
  '/v2/_catalog',
  '/services/health',
  '/.env.local',
  `/${SECRETS_FILE}`,
  `/@fs$ROOT/${SECRETS_FILE}`,
  `/@fs$ROOT/${SECRETS_FILE}?raw`,
  '/@fs$ROOT/packages/convex/.env.local',
]

/** The secrets that a checkout has now. */
export function secretsOf(root: string): Secrets {
  return JSON.parse(readFileSync(path.join(root, SECRETS_FILE), 'utf8'))
}

/** The instance's name and the public keys are no secrets. */
function partsOf(secrets: Secrets): Readonly<Record<string, readonly string[]>> {
  const { postgresPassword, convexInstanceSecret, convexAdminKey, serviceKey } = secrets
  const { d } = JSON.parse(serviceKey) as { d: string }
  const bytes = Buffer.from(convexInstanceSecret, 'hex').toString('latin1')
  const [, key = ''] = convexAdminKey.split('|')
  return {
    postgresPassword: [postgresPassword],
    convexInstanceSecret: [convexInstanceSecret, bytes],
    convexAdminKey: [key],
    serviceKey: [d, Buffer.from(d, 'base64url').toString('latin1')],
  }
}

/** As it is, in hexadecimal, percent-encoded, and in base64 wherever it stands in what was encoded. */
function formsOf(value: string): readonly string[] {
  const bytes = Buffer.from(value, 'latin1')
  const base64 = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '')
    // Not the digits that depend on what stands before it or after it.
    return text.slice(Math.ceil((before * 8) / 6), (before + bytes.length) % 3 === 0 ? undefined : -1)
  })
  const hex = bytes.toString('hex')
  const percent = hex.replaceAll(/../g, '%$&')
  const urls = base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))
  const forms = [value, value.toUpperCase(), hex, hex.toUpperCase(), percent, percent.toUpperCase(), ...base64, ...urls]
  return [...new Set([...forms, encodeURIComponent(value)])]
}

function processes(): readonly string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
}

/** Program and script of a command line, without the folders: `node main.ts`. */
function programOf(line: Buffer): string {
  const words = line
    .toString()
    .split('\0')
    .filter((word) => word !== '' && !word.startsWith('-'))
  return words
    .slice(0, 2)
    .map((word) => path.basename(word))
    .join(' ')
}

/** @returns null for what is gone, or is another user's. */
function contentOf(file: string): Buffer | null {
  try {
    return readFileSync(file)
  } catch {
    return null
  }
}
