import path from 'node:path'
import { SUPERVISE, SUPERVISOR_LOG } from '../checkout/paths.ts'
import { NebulaError } from '../errors/nebulaError.ts'
import { identifyProcess, terminate } from '../system/processes.ts'
import { startInBackground } from '../system/startInBackground.ts'
import { supervisorEnded } from './follow.ts'
import type { Programs } from './programs/programs.ts'
import { runningState } from './state/running.ts'

const START_DEADLINE_MS = 15_000
const INTERVAL_MS = 50
const GRACE_MS = 5_000

/**
 * Starts a supervisor in the background, where no Ctrl-C reaches it, and waits until it has written down that it runs.
 * @throws NebulaError with what it said when it ends at once, or when it is not there in time.
 */
export async function startSupervisorProcess(
  root: string,
  programs: Programs,
  deadlineMs = START_DEADLINE_MS,
): Promise<void> {
  const { outcome, pid } = await startInBackground(
    {
      argv: [process.execPath, path.join(root, SUPERVISE), JSON.stringify(programs)],
      cwd: root,
      log: path.join(root, SUPERVISOR_LOG),
    },
    async (own) => (await runningState(root))?.supervisor.pid === own,
    { deadlineMs, intervalMs: INTERVAL_MS },
  )
  if (outcome === 'ended') throw await supervisorEnded(root)
  if (outcome === 'there' || pid === undefined) return
  // Nobody else would ever find it. It may just have ended.
  const identity = await identifyProcess(pid)
  if (identity) await terminate(identity, { signal: 'SIGTERM', graceMs: GRACE_MS })
  throw new NebulaError(`the supervisor (pid ${pid}) did not start within ${deadlineMs / 1000} s, and was ended`, {
    code: 'SUPERVISOR_SLOW',
    hint: 'npm run up',
  })
}
