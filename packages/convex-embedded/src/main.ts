import path from 'node:path'
import { NebulaError } from '@nebula/stack/errors'
import { z } from 'zod'
import { startConvexServer } from './server.ts'

const Port = z.coerce.number().int().min(0).max(65_535)
const Environment = z.object({
  INSTANCE_NAME: z.string().regex(/^[\w-]+$/, 'letters, digits, - and _'),
  INSTANCE_SECRET: z.string().regex(/^[0-9a-fA-F]{64}$/, '64 hexadecimal digits'),
  CONVEX_DATA_DIR: z.string().min(1),
  CONVEX_HOST: z.string().default('127.0.0.1'),
  CONVEX_API_PORT: Port.default(3210),
  CONVEX_SITE_PORT: Port.default(3211),
  CONVEX_CLOUD_ORIGIN: z.url().optional(),
  CONVEX_SITE_ORIGIN: z.url().optional(),
})

const { stdout, stderr } = process

function log(line: string): void {
  stdout.write(`${new Date().toISOString()} ${line}\n`)
}

async function main(): Promise<void> {
  const parsed = Environment.safeParse(process.env)
  if (!parsed.success) {
    throw new NebulaError(`The environment is not as needed:\n${z.prettifyError(parsed.error)}`, {
      code: 'ENVIRONMENT_INVALID',
      hint: 'See packages/convex-embedded/README.md',
      exitCode: 2,
    })
  }
  const env = parsed.data
  const server = await startConvexServer({
    host: env.CONVEX_HOST,
    apiPort: env.CONVEX_API_PORT,
    sitePort: env.CONVEX_SITE_PORT,
    dataDir: path.resolve(env.CONVEX_DATA_DIR),
    instanceName: env.INSTANCE_NAME,
    instanceSecret: env.INSTANCE_SECRET,
    ...(env.CONVEX_CLOUD_ORIGIN ? { cloudOrigin: env.CONVEX_CLOUD_ORIGIN } : {}),
    ...(env.CONVEX_SITE_ORIGIN ? { siteOrigin: env.CONVEX_SITE_ORIGIN } : {}),
    log,
  })
  let stopping = false
  const stop = (signal: string) => {
    // The second one does not wait.
    if (stopping) process.exit(1)
    stopping = true
    log(`${signal}: stopping`)
    server.close().then(
      () => {
        log('Stopped')
        process.exit(0)
      },
      (error: unknown) => fail(error),
    )
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
}

function fail(error: unknown): void {
  if (error instanceof NebulaError) stderr.write(`${error.message}${error.hint ? `\n  ${error.hint}` : ''}\n`)
  else stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  process.exit(error instanceof NebulaError ? error.exitCode : 1)
}

// A function that leaves a promise behind must not take the server with it.
process.on('unhandledRejection', (error) => log(`unhandled rejection: ${error instanceof Error ? error.stack : error}`))

main().catch(fail)
