import { z } from 'zod'
import { startDashboard } from '../dashboard/dashboard.ts'
import { allowedOrigins, Port, parseEnvironment } from '../program/environment.ts'
import { log } from '../program/log.ts'
import { serve } from '../program/serve.ts'

// The dashboard under the name and with the variables of the published image's server, a standalone Next.js: it listens on
// HOSTNAME, which a container runtime may set to the pod's name, and PORT.
const Environment = z.object({
  HOSTNAME: z.string().min(1).default('0.0.0.0'),
  PORT: Port.default(3000),
  NEXT_PUBLIC_DEPLOYMENT_URL: z.url(),
  NEXT_PUBLIC_ADMIN_KEY: z.string().optional(),
})

await serve(async () => {
  const env = parseEnvironment(Environment)
  return await startDashboard({
    host: env.HOSTNAME,
    port: env.PORT,
    deploymentUrl: env.NEXT_PUBLIC_DEPLOYMENT_URL,
    ...(env.NEXT_PUBLIC_ADMIN_KEY ? { adminKey: env.NEXT_PUBLIC_ADMIN_KEY } : {}),
    allowedOrigins: allowedOrigins(),
    log,
  })
})
