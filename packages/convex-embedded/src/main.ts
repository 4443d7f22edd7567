import path from 'node:path'
import { z } from 'zod'
import { allowedOrigins, Port, PortList, parseEnvironment } from './program/environment.ts'
import { log } from './program/log.ts'
import { serve, survive } from './program/serve.ts'
import { startConvexServer } from './server.ts'

const Environment = z.object({
  INSTANCE_NAME: z.string().regex(/^[\w-]+$/, 'letters, digits, - and _'),
  INSTANCE_SECRET: z.string().regex(/^[0-9a-fA-F]{64}$/, '64 hexadecimal digits'),
  CONVEX_DATA_DIR: z.string().min(1),
  CONVEX_HOST: z.string().default('127.0.0.1'),
  CONVEX_API_PORT: Port.default(3210),
  CONVEX_SITE_PORT: Port.default(3211),
  CONVEX_CLOUD_ORIGIN: z.url().optional(),
  CONVEX_SITE_ORIGIN: z.url().optional(),
  CONVEX_LOCAL_PAGES: PortList,
  CONVEX_FUNCTION_LIMIT_MS: z.coerce.number().int().min(1_000).optional(),
})

survive()
await serve(async () => {
  const env = parseEnvironment(Environment)
  return await startConvexServer({
    host: env.CONVEX_HOST,
    apiPort: env.CONVEX_API_PORT,
    sitePort: env.CONVEX_SITE_PORT,
    dataDir: path.resolve(env.CONVEX_DATA_DIR),
    instanceName: env.INSTANCE_NAME,
    instanceSecret: env.INSTANCE_SECRET,
    ...(env.CONVEX_CLOUD_ORIGIN ? { cloudOrigin: env.CONVEX_CLOUD_ORIGIN } : {}),
    ...(env.CONVEX_SITE_ORIGIN ? { siteOrigin: env.CONVEX_SITE_ORIGIN } : {}),
    functionLimitMs: env.CONVEX_FUNCTION_LIMIT_MS,
    allowedOrigins: allowedOrigins(),
    localPages: env.CONVEX_LOCAL_PAGES,
    log,
  })
})
