import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { SECRETS_FILE } from '@nebula/stack/checkout/paths'
import type { SecretName } from '@nebula/stack/secrets/secretNames'

const MARK = '[redacted]'
/** It is in every log, and nothing without its secret. */
const PUBLIC: readonly string[] = ['convexInstanceName', 'serviceJwks'] satisfies readonly SecretName[]
/** Shorter texts are words, such as the key type in a key. */
const SHORTEST = 12
/** Settings of containers, such as k3s' own token: their names say what they are. */
const SECRET_VARIABLE = /\b(\w*(?:TOKEN|SECRET|PASSWORD|PASSWD|_PWD|_KEY)\w*(?:=|"\s*:\s*"))[^\s"',]+/gi

/** Takes out of texts what only a checkout may know. */
export class Redactor {
  readonly #values = new Set<string>()

  /** Notes the secrets that a checkout has now; those that it had before stay noted. */
  async learn(root: string): Promise<void> {
    const text = await readFile(path.join(root, SECRETS_FILE), 'utf8').catch(() => '{}')
    const secrets = parsed(text)
    if (secrets === null) return
    for (const [name, value] of Object.entries(secrets)) if (!PUBLIC.includes(name)) this.#add(value)
  }

  redact(text: string): string {
    // The longest first: one may be a part of another.
    const values = [...this.#values].sort((a, b) => b.length - a.length)
    const known = values.reduce((rest, value) => rest.replaceAll(value, MARK), text)
    return known.replace(SECRET_VARIABLE, `$1${MARK}`)
  }

  /** A value in the forms in which it may turn up, and the values inside of it: a key is JSON, an admin key `name|key`. */
  #add(value: unknown): void {
    if (typeof value === 'object' && value !== null) for (const item of Object.values(value)) this.#add(item)
    if (typeof value !== 'string' || value.length < SHORTEST) return
    const base64 = Buffer.from(value).toString('base64').replace(/=+$/, '')
    for (const form of [value, JSON.stringify(value).slice(1, -1), base64]) this.#values.add(form)
    this.#add(parsed(value))
    const [, ...parts] = value.split('|')
    for (const part of parts) this.#add(part)
  }
}

function parsed(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' ? value : null
  } catch {
    return null
  }
}
