import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** When a process started, in the system's own words, or '' where it does not say. Together with the pid it is unique. */
export function startTime(pid) {
  if (process.platform === 'linux') return fromProc(pid)
  if (process.platform === 'win32') return ''
  return spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).stdout?.trim() ?? ''
}

/** Sample of /proc/<pid>/stat: `812 (my (program)) S 1 …`; the start, in ticks since boot, is the 22nd field. */
function fromProc(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}
