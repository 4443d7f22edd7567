// Says again in a few lines what scripts/lib/command.ts (being told to end) and packages/stack's exec do, on purpose: none
// of their dependencies is installed yet when this runs.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { BootstrapError, root } from './common.mjs'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']

/** What `interruptible` was told to end with, and the program that runs in it now. */
let stoppedBy
let running

/**
 * Runs an action that starts programs with `capture`; being told to end ends the one that runs.
 * @throws BootstrapError when this process was told to end, after the action's clean-up.
 */
export async function interruptible(action) {
  const stop = (signal) => {
    stoppedBy = signal
    running?.kill(signal)
  }
  for (const signal of SIGNALS) process.on(signal, stop)
  try {
    return await action()
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop)
  }
}

/** Runs a program quietly and returns `{ code, output }`, whatever its exit code. */
export async function capture(file, args, options) {
  throwIfStopped()
  running = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true })
  let output = ''
  for (const stream of [running.stdout, running.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk) => {
      output += chunk
    })
  }
  const { code } = await ended(running)
  throwIfStopped()
  return { code, output: output.trim() }
}

/** For an action inside of `interruptible` that does other things than running programs. */
export function throwIfStopped() {
  if (stoppedBy) throw new BootstrapError('', '', exitCodeOf(stoppedBy))
}

/** Runs a program in the repository with this terminal, and returns its exit code. */
export async function handOver(file, args, env) {
  const child = spawn(file, args, { cwd: root, stdio: 'inherit', env })
  // A terminal sends Ctrl-C to every process in it, so passed on it would come twice.
  const onTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !onTerminal) child.kill(signal)
    })
  }
  const { code, signal } = await ended(child)
  return signal ? exitCodeOf(signal) : code
}

async function ended(child) {
  return await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal }))
  })
}

/** As shells have it. */
function exitCodeOf(signal) {
  return 128 + constants.signals[signal]
}
