import { NebulaError } from '@nebula/stack/errors'
import { ExitCode } from '@nebula/stack/exitCodes'
import type { ModeChoice } from '@nebula/stack/mode'

/** @throws NebulaError when the mode that was chosen is one that this version does not have. */
export function requireCluster(choice: ModeChoice): void {
  if (choice.mode === 'cluster') return
  throw new NebulaError(`embedded mode (${choice.reason}) is not part of this version yet`, {
    code: 'MODE_NOT_AVAILABLE',
    hint: 'npm run up -- --mode cluster, with Docker, k3d, ctlptl, Tilt and kubectl installed',
    exitCode: ExitCode.Precondition,
  })
}
