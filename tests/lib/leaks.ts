import { chmodSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { until } from '@nebula/stack/system/until'

/** What ends by itself when its test is over has this long for it. */
const DEADLINE_MS = 10_000

/**
 * A vitest global setup that fails a tier which leaves something behind, and names it: a process, with what it listens on
 * told by its command line, or a temporary folder of ours. The machine may run other things, another run of these tests
 * too: what counts was made with this run's own folder for temporary files, which stands in the environment of what the
 * tests start, or in its command line, or is where it works.
 * @returns the check, to be called after every other teardown of the tier.
 */
export default function watchForLeaks(): () => Promise<void> {
  const before = process.env.TMPDIR
  const folder = mkdtempSync(path.join(realpathSync(tmpdir()), 'nebula-run-'))
  // As /tmp itself: some tests run programs as another user.
  chmodSync(folder, 0o1777)
  process.env.TMPDIR = folder
  return async () => {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
    try {
      await until(() => Promise.resolve(leaksOf(folder).length === 0), { deadlineMs: DEADLINE_MS, intervalMs: 100 })
      const leaks = leaksOf(folder)
      if (leaks.length > 0) throw new Error(`the tests have left behind:\n${leaks.join('\n')}`)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

/** Processes that have to do with a run's folder, and folders of ours in it, one a line for a person. */
export function leaksOf(folder: string): readonly string[] {
  const folders = readdirSync(folder).filter((name) => name.startsWith('nebula'))
  return [...processesOf(folder), ...folders.map((name) => path.join(folder, name))]
}

/** Without this process, and vitest's own, which it started. Where there is no /proc: none. */
function processesOf(folder: string): readonly string[] {
  const pids = read(() => readdirSync('/proc'), []).filter((name) => /^\d+$/.test(name))
  return pids.flatMap((pid) => {
    const [file, text] = [(name: string) => `/proc/${pid}/${name}`, '']
    const command = read(() => readFileSync(file('cmdline'), 'utf8'), text)
    const told = [
      command,
      read(() => readFileSync(file('environ'), 'utf8'), text),
      read(() => readlinkSync(file('cwd')), text),
    ]
    const stat = read(() => readFileSync(file('stat'), 'utf8'), text)
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const isOurs = told.some((each) => each.includes(folder)) && state !== 'Z' && Number(parent) !== process.pid
    return isOurs && Number(pid) !== process.pid ? [`process ${pid}: ${command.replaceAll('\0', ' ').trim()}`] : []
  })
}

/** What can be read of a process; another user's shows nothing, and neither does one that has just ended. */
function read<T>(ask: () => T, otherwise: T): T {
  try {
    return ask()
  } catch {
    return otherwise
  }
}
