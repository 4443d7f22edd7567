import { spawn } from 'node:child_process'
import { mkdir, open, rename } from 'node:fs/promises'
import path from 'node:path'
import { SUPERVISOR_LOG } from '../checkout/paths.ts'
import { NebulaError } from '../errors/nebulaError.ts'
import { until } from '../system/until.ts'
import { supervisorEnded } from './follow.ts'
import type { Programs } from './programs/programs.ts'
import { runningState } from './state/running.ts'

const SUPERVISE = 'scripts/supervise.ts'
const START_DEADLINE_MS = 15_000
const INTERVAL_MS = 50

/**
 * Starts a supervisor in the background, where no Ctrl-C reaches it, and waits until it has written down that it runs.
 * @throws NebulaError with what it said when it ends at once, or when it is not there in time.
 */
export async function startSupervisorProcess(
  root: string,
  programs: Programs,
  deadlineMs = START_DEADLINE_MS,
): Promise<void> {
  const log = path.join(root, SUPERVISOR_LOG)
  await mkdir(path.dirname(log), { recursive: true })
  await rename(log, `${log}.1`).catch(() => {})
  const file = await open(log, 'a', 0o600)
  try {
    const argv = [path.join(root, SUPERVISE), JSON.stringify(programs)]
    const child = spawn(process.execPath, argv, { cwd: root, detached: true, stdio: ['ignore', file.fd, file.fd] })
    let ended = false
    child.on('exit', () => {
      ended = true
    })
    child.on('error', () => {
      ended = true
    })
    const isThere = async () => (await runningState(root))?.supervisor.pid === child.pid
    await until(async () => ended || (await isThere()), { deadlineMs, intervalMs: INTERVAL_MS })
    if (ended) throw await supervisorEnded(root)
    if (!(await isThere())) {
      // Nobody else would ever find it.
      child.kill('SIGTERM')
      throw new NebulaError(
        `the supervisor (pid ${child.pid}) did not start within ${deadlineMs / 1000} s, and was ended`,
        {
          code: 'SUPERVISOR_SLOW',
          hint: 'npm run up',
        },
      )
    }
    child.unref()
  } finally {
    await file.close()
  }
}
