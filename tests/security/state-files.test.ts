import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { acquireLock, lockHolder } from '@nebula/stack/checkout/lock'
import { LOCK_FILE, SECRETS_FILE, STATE_FILE } from '@nebula/stack/checkout/paths'
import { readCaches } from '@nebula/stack/embedded/programs/cache'
import { platform } from '@nebula/stack/embedded/programs/release'
import { readState } from '@nebula/stack/embedded/state/supervisorState'
import { NebulaError } from '@nebula/stack/errors/nebulaError'
import { SECRET_NAMES } from '@nebula/stack/secrets/secretNames'
import { ensureSecrets, loadSecrets, type Secrets } from '@nebula/stack/secrets/secrets'
import fc from 'fast-check'
import { afterAll, beforeAll } from 'vitest'
import { Revisions } from '../../packages/convex-embedded/src/deploy/revisions.ts'
import { Watchdog } from '../../packages/convex-embedded/src/watchdog/watchdog.ts'
import { fuzz } from './lib/fuzz.ts'
import { mustBeSound } from './lib/inProcess.ts'
import { mutated } from './lib/json.ts'

const root = mkdtempSync(path.join(tmpdir(), 'nebula-fuzz-'))
const at = (file: string) => path.join(root, file)
afterAll(() => rmSync(root, { recursive: true, force: true }))

const RELEASE = { title: 'Fuzz', program: 'fuzz', version: '1.0.0', folder: '', archives: {} }
const RECEIPT_FOLDER = `cache/fuzz-1.0.0-${platform}`
const IDENTITY = { pid: 99_999_999, startTime: '1' }
const SERVICE = {
  id: 'a',
  state: 'healthy',
  reason: 'b',
  standIn: 'c',
  program: 'd',
  since: '2026-01-01',
  restarts: 1,
  process: IDENTITY,
}
const HASH = 'ab'.repeat(32)
let secrets: Secrets

interface Kept {
  readonly valid: () => unknown
  readonly read: () => Promise<void>
}

/** What a checkout keeps, as it should be, and whoever reads it. */
const FILES: Readonly<Record<string, Kept>> = {
  [STATE_FILE]: {
    valid: () => ({ supervisor: IDENTITY, definition: HASH, retries: 0, services: [SERVICE] }),
    read: async () => void (await readState(root)),
  },
  [LOCK_FILE]: {
    valid: () => ({ ...IDENTITY, command: 'up', since: '2026-01-01T00:00:00.000Z' }),
    read: async () => {
      await lockHolder(root)
      await (await acquireLock(root, 'fuzz')).release()
    },
  },
  [SECRETS_FILE]: { valid: () => secrets, read: readSecrets },
  [`${RECEIPT_FOLDER}/receipt.json`]: {
    valid: () => ({ source: 'downloaded', size: 1, mtimeMs: 1, sha256: HASH }),
    read: async () => void (await readCaches([at('cache')], RELEASE)),
  },
  'data/endless-functions.json': {
    valid: () => [{ function: 'runs:list', where: 'convex/runs.ts:1' }],
    read: async () => void new Watchdog(at('data')).whyRefused('runs:list'),
  },
  'data/functions/1/manifest.json': {
    valid: () => ({ modules: [{ path: 'runs.js', source: '', sourceMap: '{}' }], schema: null }),
    read: async () => void new Revisions(at('data')).read(1),
  },
}

/** No secret of a file is in what is said of it, and none that can be used is replaced. */
async function readSecrets(): Promise<void> {
  const before = readFileSync(at(SECRETS_FILE), 'utf8')
  for (const read of [loadSecrets, ensureSecrets]) {
    try {
      await read(root)
    } catch (error) {
      const said = String(error)
      if (SECRET_NAMES.some((name) => name !== 'convexInstanceName' && said.includes(secrets[name]))) {
        throw new Error(`a secret is in the message: ${said}`)
      }
      if (readFileSync(at(SECRETS_FILE), 'utf8') !== before) throw new Error('what cannot be used was replaced')
      throw error
    }
  }
  const was: Record<string, unknown> = JSON.parse(before)
  const is: Record<string, unknown> = JSON.parse(readFileSync(at(SECRETS_FILE), 'utf8'))
  for (const [name, value] of Object.entries(was)) {
    // What no version of ours writes need only be there.
    const isSame = typeof value === 'string' ? is[name] === value : Object.hasOwn(is, name)
    if (!isSame) throw new Error(`${name} was replaced`)
  }
}

beforeAll(async () => {
  secrets = await ensureSecrets(root)
  for (const file of Object.keys(FILES)) mkdirSync(path.dirname(at(file)), { recursive: true })
  writeFileSync(at(`${RECEIPT_FOLDER}/fuzz`), 'x', { mode: 0o755 })
})

const contents = fc.constantFrom(...Object.entries(FILES)).chain(([file, { valid }]) =>
  fc
    .tuple(mutated(valid()), fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(9), fc.nat(255))
    .map(([text, part, kind, byte]) => {
      const bytes = Buffer.from(text)
      const place = Math.floor(bytes.length * part)
      // A write that was torn, and a bit that was lost.
      if (kind === 0) return { file, content: bytes.subarray(0, place).toString('latin1') }
      if (kind === 1 && place < bytes.length) bytes[place] = byte
      return { file, content: bytes.toString('latin1') }
    }),
)

fuzz<{ file: string; content: string }>('state-files', () => ({
  inputs: contents,
  corpus: [
    { file: STATE_FILE, content: JSON.stringify({ supervisor: { pid: -1, startTime: '' }, services: [] }) },
    { file: STATE_FILE, content: JSON.stringify({ supervisor: { pid: 1, startTime: '' }, services: [] }) },
    { file: LOCK_FILE, content: JSON.stringify({ pid: 0, startTime: '', command: '', since: '' }) },
  ],
  attempt: async ({ file, content }) => {
    writeFileSync(at(file), Buffer.from(content, 'latin1'))
    await mustBeSound(async () => {
      await FILES[file]?.read().catch((error: unknown) => {
        if (!(error instanceof NebulaError)) throw error
      })
    })
  },
}))
