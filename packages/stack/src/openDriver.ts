import type { Catalogue } from './catalogue/schema.ts'
import { chooseMode, type ModeChoice } from './chooseMode.ts'
import { clusterDriver } from './cluster/driver.ts'
import type { StackDriver } from './driver/stackDriver.ts'
import { embeddedDriver } from './embedded/driver.ts'
import type { ConvexChoice } from './embedded/programs/convexBackend.ts'
import { SupervisorLink } from './embedded/supervisorLink.ts'

export interface OpenOptions {
  readonly root: string
  readonly catalogue: Catalogue
  /** The value of `--mode`, with NEBULA_MODE as its default. */
  readonly mode: string | undefined
  /** Which Convex embedded mode starts. Default: auto. */
  readonly convex?: ConvexChoice
}

export interface OpenedStack {
  readonly driver: StackDriver
  readonly choice: ModeChoice
}

/**
 * The stack of a checkout in the mode that was asked for; else in the one that it runs in; else in the one that `up`
 * would choose.
 * @throws NebulaError when there is no such mode, or infra/ctlptl.yaml is wrong.
 */
export async function openDriver({ root, catalogue, mode, convex = 'auto' }: OpenOptions): Promise<OpenedStack> {
  const isAuto = mode === undefined || mode === 'auto'
  const choice = (isAuto ? await embeddedInUse(root) : null) ?? (await chooseMode(mode))
  const driver =
    choice.mode === 'cluster' ? await clusterDriver(root, catalogue) : embeddedDriver(root, catalogue, convex)
  return { driver, choice }
}

/** A supervisor that was killed leaves its state, and perhaps processes to be seen and ended. */
async function embeddedInUse(root: string): Promise<ModeChoice | null> {
  const { kind } = await new SupervisorLink(root).look()
  if (kind === 'nothing') return null
  return { mode: 'embedded', reason: kind === 'abandoned' ? 'its supervisor was killed' : 'it runs already' }
}
