import { spawn } from 'node:child_process'
import { mkdir, open, rename } from 'node:fs/promises'
import path from 'node:path'
import { until } from '../until.ts'
import { supervisorEnded } from './follow.ts'
import { SUPERVISOR_LOG } from './paths.ts'
import type { Programs } from './programs.ts'
import { runningState } from './running.ts'

const SUPERVISE = 'scripts/supervise.ts'
const START_DEADLINE_MS = 15_000
const INTERVAL_MS = 50

/**
 * Starts a supervisor in the background, where no Ctrl-C reaches it, and waits until it has written down that it runs.
 * @throws NebulaError with what it said when it ends at once.
 */
export async function startSupervisorProcess(root: string, programs: Programs): Promise<void> {
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
    await until(async () => ended || (await isThere()), { deadlineMs: START_DEADLINE_MS, intervalMs: INTERVAL_MS })
    if (ended || !(await isThere())) throw await supervisorEnded(root)
    child.unref()
  } finally {
    await file.close()
  }
}
