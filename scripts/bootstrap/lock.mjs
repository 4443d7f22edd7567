import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { root, say } from './common.mjs'

const FOLDER = path.join(root, '.nebula', 'install.lock')
const OWNER = path.join(FOLDER, 'pid')
const INTERVAL_MS = 200

/** Runs `action` while no other process installs in this checkout. */
export async function withLock(action) {
  mkdirSync(path.dirname(FOLDER), { recursive: true })
  let told = false
  while (!take()) {
    if (!told) say('Another command is installing the packages; waiting for it …')
    told = true
    await sleep(INTERVAL_MS)
  }
  try {
    return await action()
  } finally {
    rmSync(FOLDER, { recursive: true, force: true })
  }
}

function take() {
  try {
    mkdirSync(FOLDER)
    writeFileSync(OWNER, String(process.pid))
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    if (!isAlive()) rmSync(FOLDER, { recursive: true, force: true })
    return false
  }
}

/** Whether the owner still runs; one that has not written its pid yet counts as running. */
function isAlive() {
  try {
    process.kill(Number(readFileSync(OWNER, 'utf8')), 0)
    return true
  } catch (error) {
    return error.code !== 'ESRCH'
  }
}
