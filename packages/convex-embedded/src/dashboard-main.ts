import { z } from 'zod'
import { startDashboard } from './dashboard/dashboard.ts'
import { allowedOrigins, Port, parseEnvironment } from './program/environment.ts'
import { log } from './program/log.ts'
import { serve } from './program/serve.ts'

const Environment = z.object({
  DASHBOARD_HOST: z.string().default('127.0.0.1'),
  DASHBOARD_PORT: Port.default(6791),
  NEXT_PUBLIC_DEPLOYMENT_URL: z.url(),
  NEXT_PUBLIC_ADMIN_KEY: z.string().optional(),
})

await serve(async () => {
  const env = parseEnvironment(Environment)
  return await startDashboard({
    host: env.DASHBOARD_HOST,
    port: env.DASHBOARD_PORT,
    deploymentUrl: env.NEXT_PUBLIC_DEPLOYMENT_URL,
    ...(env.NEXT_PUBLIC_ADMIN_KEY ? { adminKey: env.NEXT_PUBLIC_ADMIN_KEY } : {}),
    allowedOrigins: allowedOrigins(),
    log,
  })
})
