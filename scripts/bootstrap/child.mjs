import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { Problem, root } from './common.mjs'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']

/**
 * Runs a program quietly and returns `{ code, output }`, whatever its exit code.
 * @throws Problem when this process is told to end, after the program has ended.
 */
export async function capture(file, args, options) {
  const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk) => {
      output += chunk
    })
  }
  const { code, stoppedBy } = await ended(child, () => true)
  if (stoppedBy) throw new Problem('', '', exitCodeOf(stoppedBy))
  return { code, output: output.trim() }
}

/** Runs a program in the repository with this terminal, and returns its exit code. */
export async function handOver(file, args, env) {
  const child = spawn(file, args, { cwd: root, stdio: 'inherit', env })
  // A terminal sends Ctrl-C to every process in it, so passed on it would come twice.
  const onTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY
  const { code, signal } = await ended(child, (sent) => sent !== 'SIGINT' || !onTerminal)
  return signal ? exitCodeOf(signal) : code
}

/** Waits for a program's end and passes on what this process is sent meanwhile, if `passesOn` says so. */
async function ended(child, passesOn) {
  let stoppedBy
  const onSignal = (signal) => {
    stoppedBy = signal
    if (passesOn(signal)) child.kill(signal)
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  try {
    return await new Promise((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (code, signal) => resolve({ code, signal, stoppedBy }))
    })
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal)
  }
}

/** As shells have it. */
function exitCodeOf(signal) {
  return 128 + constants.signals[signal]
}
