import path from 'node:path'
import { $ } from 'zx'
import { textOf } from './programs.ts'

/** Which target of packages/convex-embedded/Dockerfile stands in for which published image. */
const STAND_INS = [
  { image: /\/convex-backend:/, target: 'backend' },
  { image: /\/convex-dashboard:/, target: 'dashboard' },
] as const

const BUILD_TIMEOUT = '5m'

/** Whether this repository can build a stand-in for an image. */
export function hasStandIn(reference: string): boolean {
  return STAND_INS.some(({ image }) => image.test(reference))
}

/**
 * Builds the stand-ins for those of the images that have one, into the local Docker under the images' own names. For
 * machines that reach no registry: `up` finds them there and puts them into the cluster's registry.
 * @throws NebulaError when a build fails.
 */
export async function buildStandIns(root: string, images: readonly string[], signal: AbortSignal): Promise<void> {
  const folder = path.join(root, 'packages/convex-embedded')
  const run = $({ cwd: folder, timeout: BUILD_TIMEOUT, signal })
  await textOf(run`node scripts/build.ts`)
  for (const { image, target } of STAND_INS) {
    const reference = images.find((candidate) => image.test(candidate))
    if (reference === undefined) continue
    process.stderr.write(`building the stand-in for ${reference}\n`)
    await textOf(run`docker build --quiet --target ${target} --tag ${reference} .`)
  }
}
