import { randomBytes } from 'node:crypto'
import { chmod, stat } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { SECRETS_FILE, STAGED_SECRETS_FILE } from '../checkout/paths.ts'
import { ExitCode } from '../errors/exitCodes.ts'
import { NebulaError } from '../errors/nebulaError.ts'
import { attempt } from '../system/attempt.ts'
import { createPrivateFile, readIfThere, writePrivateFile } from '../system/files.ts'
import { deriveAdminKey, verifyAdminKey } from './adminKey.ts'
import { SECRET_NAMES, type SecretName } from './secretNames.ts'
import { makeServiceKey, serviceJwksOf } from './serviceKey.ts'
import { takeStagedSecrets } from './stagedSecrets.ts'

const Secrets = z.object({
  // Letters and digits only: it is put into connection strings.
  postgresPassword: z.string().regex(/^[A-Za-z0-9_-]{8,}$/, 'at least 8 letters, digits, - or _'),
  convexInstanceName: z.string().regex(/^[a-z][a-z0-9-]*$/, 'lower-case letters, digits and dashes'),
  convexInstanceSecret: z.string().regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits'),
  convexAdminKey: z.string(),
  serviceKey: z.string().refine((key) => serviceJwksOf(key) !== null, 'a private ES256 JSON Web Key with a key id'),
  serviceJwks: z.string(),
} satisfies Record<SecretName, z.ZodType>)
const PartialSecrets = Secrets.partial()
const FileContent = z.record(z.string(), z.unknown())

/** What only this checkout knows. Made once, kept in `.nebula/secrets.json`. */
export type Secrets = Readonly<z.infer<typeof Secrets>>
type PartialSecrets = z.infer<typeof PartialSecrets>

export interface EnsureSecretsOptions {
  /** Asked when there is no file: what an existing deployment still knows of its secrets. Its data needs the same ones. */
  readonly recover?: () => Promise<Readonly<Record<string, unknown>> | null>
}

/**
 * Reads the secrets of this checkout.
 * @throws NebulaError when there are none yet, or the file is not what it has to be.
 */
export async function loadSecrets(root: string): Promise<Secrets> {
  const content = await readSecrets(root)
  if (content === null) {
    throw new NebulaError(`there are no secrets yet: ${SECRETS_FILE} is not there`, {
      code: 'SECRETS_MISSING',
      hint: 'npm run up',
      exitCode: ExitCode.Precondition,
    })
  }
  const parsed = Secrets.safeParse(content, { reportInput: true })
  if (!parsed.success) throw malformed(parsed.error)
  checkPairs(parsed.data)
  return parsed.data
}

/**
 * Makes new secrets beside those of this checkout, which stay the ones in use until `ensureSecrets` takes the new ones.
 * Only the name of the instance stays, by which data is known. Called again, it makes others.
 * @throws NebulaError when there are no secrets yet, or the file is not what it has to be.
 */
export async function stageSecrets(root: string): Promise<void> {
  const { convexInstanceName } = await loadSecrets(root)
  const renewed = { ...(await readSecrets(root)), ...(await complete({ convexInstanceName })) }
  await writePrivateFile(path.join(root, STAGED_SECRETS_FILE), serialize(renewed))
}

/**
 * Reads the secrets of this checkout and makes those that are missing. What is there is replaced by nothing but secrets
 * that were staged: call it where nothing runs that would go on with the old ones.
 * @throws NebulaError when the file, or what `recover` returns, is not what it has to be.
 */
export async function ensureSecrets(root: string, options: EnsureSecretsOptions = {}): Promise<Secrets> {
  const file = path.join(root, SECRETS_FILE)
  await takeStagedSecrets(root)
  const content = await readSecrets(root)
  const parsed = PartialSecrets.safeParse(content ?? (await options.recover?.()) ?? {}, { reportInput: true })
  if (!parsed.success)
    throw malformed(parsed.error, content === null ? 'what was recovered from the running stack' : SECRETS_FILE)
  const secrets = await complete(content === null ? withoutStrangers(parsed.data) : parsed.data)
  checkPairs(secrets)

  if (content !== null) await makePrivate(file)
  if (content === null) {
    const created = await createPrivateFile(file, serialize(secrets))
    return created ? secrets : await loadSecrets(root)
  }
  const isComplete = SECRET_NAMES.every((name) => content[name] !== undefined)
  // Keys that this version does not know stay: a newer one may have put them there.
  if (!isComplete) await writePrivateFile(file, serialize({ ...content, ...secrets }))
  return secrets
}

/** An editor or an archive may have opened it to others. Whoever does not own it cannot close it, and is warned. */
async function makePrivate(file: string): Promise<void> {
  const { mode } = await stat(file)
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) await attempt(chmod(file, 0o600))
}

async function complete(known: PartialSecrets): Promise<Secrets> {
  const instance = {
    instanceName: known.convexInstanceName ?? 'nebula',
    instanceSecret: known.convexInstanceSecret ?? randomBytes(32).toString('hex'),
  }
  const serviceKey = known.serviceKey ?? (await makeServiceKey())
  // A derived secret is worth nothing without the one it was derived from.
  const adminKey = known.convexInstanceSecret && known.convexAdminKey
  const serviceJwks = known.serviceKey && known.serviceJwks
  return {
    postgresPassword: known.postgresPassword ?? randomBytes(24).toString('hex'),
    convexInstanceName: instance.instanceName,
    convexInstanceSecret: instance.instanceSecret,
    convexAdminKey: adminKey ?? deriveAdminKey(instance),
    serviceKey,
    serviceJwks: serviceJwks ?? serviceJwksOf(serviceKey) ?? '',
  }
}

/** Derived secrets that do not belong to their source are left out. */
function withoutStrangers(known: PartialSecrets): PartialSecrets {
  const { convexAdminKey, serviceJwks, ...sources } = known
  const { convexInstanceName: instanceName = 'nebula', convexInstanceSecret: instanceSecret, serviceKey } = known
  const isOurs = convexAdminKey && instanceSecret && verifyAdminKey(convexAdminKey, { instanceName, instanceSecret })
  const isPublicHalf = serviceKey && serviceJwks === serviceJwksOf(serviceKey)
  return { ...sources, ...(isOurs ? { convexAdminKey } : {}), ...(isPublicHalf ? { serviceJwks } : {}) }
}

/** @throws NebulaError when a derived secret does not belong to the one it is derived from. */
function checkPairs(secrets: Secrets): void {
  const instance = { instanceName: secrets.convexInstanceName, instanceSecret: secrets.convexInstanceSecret }
  if (!verifyAdminKey(secrets.convexAdminKey, instance)) throw unrelated('convexAdminKey', 'convexInstanceSecret')
  if (secrets.serviceJwks !== serviceJwksOf(secrets.serviceKey)) throw unrelated('serviceJwks', 'serviceKey')
}

async function readSecrets(root: string): Promise<Record<string, unknown> | null> {
  const file = path.join(root, SECRETS_FILE)
  const text = await readIfThere(file)
  if (text === null) return null
  try {
    return FileContent.parse(JSON.parse(text))
  } catch {
    // The error itself may quote the file, so it is not passed on.
    throw malformedFile('it is not a JSON object')
  }
}

function malformed(error: z.ZodError, where = SECRETS_FILE): NebulaError {
  const problems = error.issues.map((issue) => `${issue.path.join('.')}: ${expectation(issue)}`)
  return malformedFile(problems.join('; '), where)
}

function malformedFile(what: string, where = SECRETS_FILE): NebulaError {
  return new NebulaError(`${where} is malformed: ${what}`, {
    code: 'SECRETS_MALFORMED',
    hint: `restore ${SECRETS_FILE}, or start over without the old data: mv ${SECRETS_FILE} ${SECRETS_FILE}.broken && npm run reset`,
    exitCode: ExitCode.Precondition,
  })
}

function unrelated(derived: SecretName, source: SecretName): NebulaError {
  return new NebulaError(`${SECRETS_FILE}: ${derived} does not belong to ${source}`, {
    code: 'SECRETS_MALFORMED',
    hint: `remove the line "${derived}" from ${SECRETS_FILE}, then \`npm run up\` derives it again`,
    exitCode: ExitCode.Precondition,
  })
}

function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type')
    return issue.input === undefined ? 'missing (`npm run up` adds it)' : `expected a ${issue.expected}`
  return `expected ${issue.message}`
}

function serialize(content: Record<string, unknown>): string {
  return `${JSON.stringify(content, null, 2)}\n`
}
