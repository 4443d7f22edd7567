import { fileURLToPath } from 'node:url'
import { deriveAdminKey } from '@nebula/stack/secrets/adminKey'
import { type ApiFromModules, anyApi } from 'convex/server'
import type * as messages from '../fixture/convex/messages.ts'
import type * as work from '../fixture/convex/work.ts'

/** The folder of the functions that the tests deploy. */
export const FIXTURE = fileURLToPath(new URL('../fixture', import.meta.url))
const INSTANCE = { instanceName: 'fixture', instanceSecret: 'ab'.repeat(32) }
/** For the process. */
export const INSTANCE_ENVIRONMENT = {
  INSTANCE_NAME: INSTANCE.instanceName,
  INSTANCE_SECRET: INSTANCE.instanceSecret,
} as const
export const ADMIN_KEY = deriveAdminKey(INSTANCE)
/** Its functions, typed: `_generated` is not in the repository for the fixture. */
export const api: ApiFromModules<{ messages: typeof messages; work: typeof work }> = anyApi as never
