import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { NebulaError } from '@nebula/stack/errors/nebulaError'
import { z } from 'zod'
import { allowedOrigins, Port } from '../program/environment.ts'
import { log } from '../program/log.ts'
import { serve, survive } from '../program/serve.ts'
import { startConvexServer } from '../server.ts'

/**
 * The command line of the real `convex-local-backend` (get-convex/convex-backend at 652b828b,
 * crates/local_backend/src/config.rs), for the image that has the layout of the published one. What the stand-in has no
 * use for is accepted; what would make it another backend than the one asked for is refused.
 */
const OPTIONS = {
  db: { type: 'string', short: 'd', default: 'sqlite' },
  interface: { type: 'string', short: 'i', default: '0.0.0.0' },
  port: { type: 'string', short: 'p', default: '3210' },
  'site-proxy-port': { type: 'string', default: '3211' },
  'convex-origin': { type: 'string' },
  'convex-site': { type: 'string' },
  'convex-http-proxy': { type: 'string' },
  'instance-name': { type: 'string' },
  'instance-secret': { type: 'string' },
  'sentry-identifier': { type: 'string' },
  'local-storage': { type: 'string', default: 'convex_local_storage' },
  's3-storage': { type: 'boolean' },
  'do-not-require-ssl': { type: 'boolean' },
  'disable-beacon': { type: 'boolean' },
  'beacon-tag': { type: 'string' },
  'beacon-fields': { type: 'string' },
  'redact-logs-to-client': { type: 'boolean' },
  'local-log-sink': { type: 'string' },
} as const

const CommandLine = z
  .object({
    db: z.literal('sqlite', 'the stand-in keeps its data in SQLite only'),
    interface: z.ipv4(),
    port: Port,
    'site-proxy-port': Port,
    'convex-origin': z.string().optional(),
    'convex-site': z.string().optional(),
    'instance-name': z.string('is required'),
    'instance-secret': z.string('is required; generate one with `openssl rand -hex 32`'),
    's3-storage': z.literal(false, 'the stand-in stores files in a folder only').default(false),
    database: z.string(),
  })
  .refine((line) => (line['convex-origin'] === undefined) === (line['convex-site'] === undefined), {
    path: ['convex-origin'],
    message: 'needs --convex-site, and the other way round',
  })

survive()
// The real one drains on SIGINT alone. As process 1 of a container it does not hear SIGTERM at all.
await serve(async () => {
  const line = readCommandLine()
  // The real one keeps uploads and the sources of Node.js actions there, and does not start without it.
  const temporary = await mkdtemp(path.join(tmpdir(), 'convex-'))
  const server = await startConvexServer({
    host: line.interface,
    apiPort: line.port,
    sitePort: line['site-proxy-port'],
    // Beside the real one's database, under names of its own: neither ever opens the other's.
    dataDir: path.dirname(path.resolve(line.database)),
    instanceName: line['instance-name'],
    instanceSecret: line['instance-secret'],
    // An empty origin is the real one's "not known yet".
    ...(line['convex-origin'] ? { cloudOrigin: line['convex-origin'] } : {}),
    ...(line['convex-site'] ? { siteOrigin: line['convex-site'] } : {}),
    allowedOrigins: allowedOrigins(),
    log,
  })
  return {
    async close() {
      await server.close()
      await rm(temporary, { recursive: true, force: true })
    },
  }
}, ['SIGINT'])

function readCommandLine(): z.infer<typeof CommandLine> {
  try {
    const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true })
    const [database = 'convex_local_backend.sqlite3', ...more] = positionals
    if (more.length > 0) throw new Error(`unexpected argument '${more[0]}'`)
    const parsed = CommandLine.safeParse({ ...values, database })
    if (parsed.success) return parsed.data
    throw new Error(
      parsed.error.issues.map(({ path: [option], message }) => `--${String(option)} ${message}`).join('; '),
    )
  } catch (error) {
    throw new NebulaError(error instanceof Error ? error.message : String(error), {
      code: 'COMMAND_LINE_INVALID',
      hint: 'packages/convex-embedded/README.md says what the stand-in takes',
      exitCode: 2,
    })
  }
}
