import { readdir, readFile, stat } from 'node:fs/promises'
import { NebulaError } from '../errors/nebulaError.ts'
import { exec } from './exec.ts'
import { hasCode } from './files.ts'
import { until } from './until.ts'

/** A process, told apart from a later one with the same pid by when it started. */
export interface ProcessIdentity {
  readonly pid: number
  readonly startTime: string
}

export interface TerminateOptions {
  readonly signal: 'SIGTERM' | 'SIGINT'
  /** Milliseconds until SIGKILL. */
  readonly graceMs: number
  /**
   * The process leads a group, and the whole group is to end, also what is left of it without its leader. `at-once`: all
   * of it is asked. `leader-first`: the leader, which may still need the others to end in good order, then the others.
   */
  readonly group?: 'at-once' | 'leader-first'
  /**
   * A variable that all of them have in their environment. Who has the pid, or what is left of the group, without it
   * is somebody else's and counts as gone. Looked at on Linux only.
   */
  readonly mark?: Mark
}

/** A variable of an environment: its name and its value. */
export type Mark = readonly [string, string]

/** `was-gone`: there was nothing to end. `killed`: it did not end within its grace time. */
export type TerminateResult = 'was-gone' | 'ended' | 'killed'

interface ProcessRow {
  readonly pid: number
  readonly group: number
  readonly startTime: string
}

const PS_TIMEOUT_MS = 5_000
const KILL_DEADLINE_MS = 5_000
const INTERVAL_MS = 50

/**
 * Who has this pid now.
 * @returns null when no process has it, or only a dead one that nobody has collected.
 */
export async function identifyProcess(pid: number): Promise<ProcessIdentity | null> {
  const row =
    process.platform === 'linux'
      ? await linuxRow(pid)
      : (await psRows(['-p', String(pid)])).find((one) => one.pid === pid)
  return row ? { pid, startTime: row.startTime } : null
}

/**
 * The processes of this user that a program runs with this file as its first argument: `node FILE …`.
 * @param file absolute, exactly as it stands on the command line.
 */
export async function findScript(file: string): Promise<readonly ProcessIdentity[]> {
  const pids = process.platform === 'linux' ? await scriptPidsOnLinux(file) : await scriptPidsByPs(file)
  const found = await Promise.all(pids.map(identifyProcess))
  return found.filter((identity) => identity !== null)
}

async function scriptPidsOnLinux(file: string): Promise<readonly number[]> {
  const uid = process.getuid?.()
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const isOurs = async (pid: string) => {
    const [commandLine, folder] = await Promise.all([
      readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''),
      stat(`/proc/${pid}`).catch(() => null),
    ])
    return commandLine.split('\0')[1] === file && folder?.uid === uid
  }
  const ours = await Promise.all(pids.map(isOurs))
  return pids.filter((_, index) => ours[index]).map(Number)
}

async function scriptPidsByPs(file: string): Promise<readonly number[]> {
  const { stdout } = await exec(['ps', '-xww', '-o', 'pid=,args='], { timeoutMs: PS_TIMEOUT_MS })
  const lines = stdout.split('\n').map((line) => line.trim())
  return lines.filter((line) => `${line} `.includes(` ${file} `)).map((line) => Number.parseInt(line, 10))
}

/**
 * Whether a process was started with this variable in its environment.
 * @returns true also where nobody can tell, which is everywhere but on Linux; false for a process that is gone, or that
 * another user has.
 */
async function carriesMark(pid: number, [name, value]: Mark): Promise<boolean> {
  if (process.platform !== 'linux') return true
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
  return environment.split('\0').includes(`${name}=${value}`)
}

/**
 * Whether this very process still runs.
 * @param mark what it has to carry in its environment to be the one that is meant.
 */
export async function isSameProcess({ pid, startTime }: ProcessIdentity, mark?: Mark): Promise<boolean> {
  if ((await identifyProcess(pid))?.startTime !== startTime) return false
  return mark === undefined || (await carriesMark(pid, mark))
}

/**
 * Ends a process: asks with `signal`, waits, ends it for good with SIGKILL. Never touches another process that has the
 * same pid by now.
 * @throws NebulaError when it belongs to somebody else, or survives SIGKILL.
 */
export async function terminate(identity: ProcessIdentity, options: TerminateOptions): Promise<TerminateResult> {
  const isThere = () => (options.group ? groupIsThere(identity, options.mark) : isSameProcess(identity, options.mark))
  const isGone = (deadlineMs: number) => until(async () => !(await isThere()), { deadlineMs, intervalMs: INTERVAL_MS })
  const target = options.group ? -identity.pid : identity.pid
  const began = performance.now()

  if (!(await isThere())) return 'was-gone'
  if (options.group === 'leader-first' && (await isSameProcess(identity, options.mark))) {
    send(identity.pid, options.signal)
    const leaderIsGone = async () => !(await isSameProcess(identity))
    await until(leaderIsGone, { deadlineMs: options.graceMs, intervalMs: INTERVAL_MS })
    if (!(await isThere())) return 'ended'
  }
  const leftMs = options.graceMs - (performance.now() - began)
  if (leftMs > 0) {
    send(target, options.signal)
    if (await isGone(leftMs)) return 'ended'
  }
  send(target, 'SIGKILL')
  if (await isGone(KILL_DEADLINE_MS)) return 'killed'
  throw new NebulaError(`the process ${identity.pid} does not end, not even by SIGKILL`, {
    code: 'PROCESS_STUCK',
    hint: `ps -o pid,stat,wchan,command -p ${identity.pid}`,
  })
}

function send(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal)
  } catch (error) {
    // It ended between the look and the signal.
    if (hasCode(error, 'ESRCH')) return
    throw new NebulaError(`the process ${Math.abs(target)} cannot be ended: it belongs to another user`, {
      code: 'PROCESS_NOT_OURS',
      hint: `sudo kill ${target < 0 ? '-- ' : ''}${target}`,
      cause: error,
    })
  }
}

/**
 * Whether anybody of the group that this process led is left. A pid is not given away while a group still has its
 * number, so what is left without a leader is ours; what a stranger with our pid leads is not.
 */
async function groupIsThere(identity: ProcessIdentity, mark?: Mark): Promise<boolean> {
  const leader = await identifyProcess(identity.pid)
  if (leader && leader.startTime !== identity.startTime) return false
  // One that ends just now carries nothing any more, and may leave others.
  if (leader && (mark === undefined || (await carriesMark(identity.pid, mark)))) return true
  if (process.platform === 'linux' && !identity.startTime.startsWith(await bootId())) return false
  const rows = process.platform === 'linux' ? await linuxRows() : await psRows(['-A'])
  const members = rows.filter((row) => row.group === identity.pid)
  if (mark === undefined) return members.length > 0
  return (await Promise.all(members.map(({ pid }) => carriesMark(pid, mark)))).includes(true)
}

async function linuxRows(): Promise<readonly ProcessRow[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const rows = await Promise.all(pids.map((pid) => linuxRow(Number(pid))))
  return rows.filter((row) => row !== null)
}

/** /proc/<pid>/stat: the name may hold anything, so fields count from its closing parenthesis (proc_pid_stat(5)). */
async function linuxRow(pid: number): Promise<ProcessRow | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  if (text === null) return null
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state, , group] = fields
  const ticksSinceBoot = fields[19]
  if (state === 'Z' || state === 'X') return null
  return { pid, group: Number(group), startTime: `${await bootId()}:${ticksSinceBoot}` }
}

async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
}

async function psRows(selection: readonly string[]): Promise<readonly ProcessRow[]> {
  const env = { LC_ALL: 'C', TZ: 'UTC' }
  const { stdout } = await exec(['ps', ...selection, '-o', 'pid=,pgid=,stat=,lstart='], {
    env,
    timeoutMs: PS_TIMEOUT_MS,
  })
  return stdout.split('\n').flatMap((line) => {
    const [pid, group, state, ...started] = line.trim().split(/\s+/)
    if (!pid || !state || state.startsWith('Z')) return []
    return [{ pid: Number(pid), group: Number(group), startTime: started.join(' ') }]
  })
}
