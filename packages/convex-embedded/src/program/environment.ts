import { findCodespace, forwardedOrigin } from '@nebula/stack/codespaces/codespace'
import { NebulaError } from '@nebula/stack/errors/nebulaError'
import { z } from 'zod'

/** A TCP port as an environment variable. */
export const Port = z.coerce.number().int().min(0).max(65_535)

/** Origins, separated by commas. */
const OriginList = z
  .string()
  .default('')
  .transform((text) => text.split(',').flatMap((origin) => origin.trim().replace(/\/$/, '') || []))

const Allowed = z.object({ CONVEX_ALLOWED_ORIGINS: OriginList })

/** TCP ports, separated by commas; undefined when the variable is not there. */
export const PortList = z
  .string()
  .regex(/^\d{1,5}(,\d{1,5})*$/, 'ports, separated by commas')
  .transform((text) => text.split(',').map(Number))
  .optional()

/** @throws NebulaError ENVIRONMENT_INVALID that says which variable is wrong, and how. */
export function parseEnvironment<T>(schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(process.env)
  if (parsed.success) return parsed.data
  throw new NebulaError(`The environment is not as needed:\n${z.prettifyError(parsed.error)}`, {
    code: 'ENVIRONMENT_INVALID',
    hint: 'packages/convex-embedded/README.md lists the variables',
    exitCode: 2,
  })
}

/** The origins of CONVEX_ALLOWED_ORIGINS, and in a codespace those to which GitHub forwards its ports. */
export function allowedOrigins(): readonly string[] {
  const codespace = findCodespace()
  const { CONVEX_ALLOWED_ORIGINS: listed } = parseEnvironment(Allowed)
  // Of any one port: the others are known by it.
  return codespace ? [...listed, forwardedOrigin(codespace, 0)] : listed
}
