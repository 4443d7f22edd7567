import { z } from 'zod'
import { ExitCode } from '../errors/exitCodes.ts'
import { NebulaError } from '../errors/nebulaError.ts'

/** The codespace that this process runs in: GitHub forwards its ports to https URLs made of these two. */
export interface Codespace {
  readonly name: string
  /** `app.github.dev` */
  readonly domain: string
}

const DNS_NAME = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i
const Environment = z.object({
  CODESPACE_NAME: z.string().regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/i, 'not a DNS label'),
  GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN: z.string().regex(DNS_NAME, 'not a DNS name').default('app.github.dev'),
})

/**
 * The codespace that an environment describes.
 * @returns null outside of GitHub Codespaces.
 * @throws NebulaError when the variables are there and no URL can be made of them.
 */
export function findCodespace(env: Readonly<Record<string, string | undefined>> = process.env): Codespace | null {
  if (!env.CODESPACE_NAME) return null
  const parsed = Environment.safeParse(env)
  if (parsed.success) {
    return { name: parsed.data.CODESPACE_NAME, domain: parsed.data.GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN }
  }
  throw new NebulaError(`CODESPACE_NAME is set, but gives no URL:\n${z.prettifyError(parsed.error)}`, {
    code: 'CODESPACE_INVALID',
    hint: 'outside of GitHub Codespaces: unset CODESPACE_NAME',
    exitCode: ExitCode.Precondition,
  })
}

/** `https://<name>-<port>.<domain>`: where a browser reaches a port of the codespace once its user is signed in to GitHub. */
export function forwardedOrigin({ name, domain }: Codespace, port: number): string {
  return `https://${name}-${port}.${domain}`
}
