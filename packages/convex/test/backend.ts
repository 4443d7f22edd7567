import { SERVICE_ISSUER } from '@nebula/shared'
import { convexTest, type TestConvex } from 'convex-test'
import schema from '../convex/schema.ts'

const modules = import.meta.glob('../convex/**/*.{js,ts}')

/** The functions on an empty database, as a person calls them and as a service does. */
export function backend() {
  // auth.config.ts is read where functions are deployed, not where they run.
  const person: TestConvex<typeof schema> = convexTest(schema, modules)
  const service = person.withIdentity({ issuer: SERVICE_ISSUER, subject: 'worker-1' })
  return { person, service }
}

/** A run of `count` steps that do nothing. */
export function newRun(count = 1) {
  const steps = Array.from({ length: count }, (_, index) => ({ label: `Step ${index}`, durationMs: 1, failures: 0 }))
  return { title: 'A run', steps }
}
