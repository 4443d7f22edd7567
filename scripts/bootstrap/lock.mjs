// A smaller copy of packages/stack's checkout/lock.ts and system/processes.ts, on purpose: they need packages, and this
// lock is held while those are installed.
import { spawnSync } from 'node:child_process'
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { throwIfStopped } from './child.mjs'
import { say, stateFolder } from './common.mjs'

const LOCK = path.join(stateFolder, 'install.lock')
const INTERVAL_MS = 200

/** Runs `action` while no other process installs in this checkout. What a dead process left is taken over. */
export async function withLock(action) {
  mkdirSync(stateFolder, { recursive: true })
  const mine = JSON.stringify({ pid: process.pid, startTime: startTime(process.pid) })
  let told = false
  while (!take(mine)) {
    const holder = read()
    if (holder !== undefined && !isAlive(holder)) {
      remove(holder)
      continue
    }
    if (!told) say('Another command is installing the packages; waiting for it …')
    told = true
    await sleep(INTERVAL_MS)
    throwIfStopped()
  }
  try {
    return await action()
  } finally {
    if (read() === mine) rmSync(LOCK, { force: true })
  }
}

/** A link appears with all its content or not at all. */
function take(mine) {
  const draft = `${LOCK}.${process.pid}`
  writeFileSync(draft, mine)
  try {
    linkSync(draft, LOCK)
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Removes a dead process' lock. Another waiter may have done so and taken it since: that one gets it back. */
function remove(dead) {
  const taken = `${LOCK}.${process.pid}.dead`
  try {
    renameSync(LOCK, taken)
    if (readFileSync(taken, 'utf8') !== dead) linkSync(taken, LOCK)
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error
  } finally {
    rmSync(taken, { force: true })
  }
}

function read() {
  try {
    return readFileSync(LOCK, 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

/** Whether the process in a lock runs; its pid alone may be another's by now. */
function isAlive(holder) {
  try {
    const { pid, startTime: since } = JSON.parse(holder)
    process.kill(pid, 0)
    return startTime(pid) === since
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** When a process started, in the system's own words, or '' where it does not say. Together with the pid it is unique. */
function startTime(pid) {
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
