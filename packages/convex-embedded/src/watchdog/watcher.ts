import { readFileSync, writeFileSync, writeSync } from 'node:fs'
import { type Debugger, Session } from 'node:inspector/promises'
import { SourceMap } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { workerData } from 'node:worker_threads'
import type { Endless, WatcherData } from './watchdog.ts'

// A thread beside the server's: it imports nothing of the server, and gives it nothing to wait for.
const { beats, limitMs, noteFile, runningName }: WatcherData = workerData
const TICK_MS = 500
/** For the other thread to say where it is. */
const PAUSE_DEADLINE_MS = 5_000
const MOST_LOOKS = 200
const STDERR = 2

let lastBeat = -1
let silentMs = 0
const watching = setInterval(() => {
  const beat = Atomics.load(beats, 0)
  const isDebugged = Atomics.load(beats, 1) === 1
  // Counted by this thread's own ticks: they, too, stand still while the process is stopped.
  silentMs = beat === lastBeat || isDebugged ? silentMs + TICK_MS : 0
  lastBeat = beat
  if (isDebugged) silentMs = 0
  if (silentMs < limitMs) return
  clearInterval(watching)
  void end()
}, TICK_MS)

async function end(): Promise<void> {
  const endless = await Promise.race([whatRuns(), late()]).catch(() => best)
  if (endless.function) writeFileSync(noteFile, JSON.stringify([...noted(), endless]))
  const what = endless.function || 'what the server does'
  const where = endless.where ? ` at ${endless.where}` : ''
  writeSync(
    STDERR,
    `${new Date().toISOString()} ${what} did not end within ${limitMs / 1000} s${where}: the server ends. ` +
      `${endless.function ? `${what} is refused until the next push.` : ''}\n`,
  )
  // Its own thread hears no signal now.
  process.kill(process.pid, 'SIGKILL')
}

const UNKNOWN: Endless = { function: '', where: '' }
/** The most that was found out so far. */
let best = UNKNOWN

async function late(): Promise<Endless> {
  return await new Promise((resolve) => setTimeout(() => resolve(best), PAUSE_DEADLINE_MS))
}

/**
 * Stops the server's thread where it is, and asks it what that is. Between two steps of a function it may be in none: then
 * it is let go on and stopped again.
 */
async function whatRuns(): Promise<Endless> {
  const session = new Session()
  session.connectToMainThread()
  const urls = new Map<string, string>()
  session.on('Debugger.scriptParsed', ({ params }) => void urls.set(params.scriptId, params.url))
  await session.post('Debugger.enable')
  for (let tries = 0; tries < MOST_LOOKS && !(best.function && best.where); tries += 1) {
    if (tries > 0) await session.post('Debugger.resume')
    const found = await look(session, urls)
    if (found.function) best = found.where || !best.function ? found : best
  }
  return best
}

async function look(session: Session, urls: ReadonlyMap<string, string>): Promise<Endless> {
  const paused = new Promise<Debugger.PausedEventDataType>((resolve) => {
    session.once('Debugger.paused', ({ params }) => resolve(params))
  })
  await session.post('Debugger.pause')
  const { callFrames } = await paused
  const [top] = callFrames
  if (!top) return UNKNOWN
  const { result } = await session.post('Debugger.evaluateOnCallFrame', {
    callFrameId: top.callFrameId,
    expression: `globalThis[Symbol.for(${JSON.stringify(runningName)})]()`,
  })
  const places = callFrames.map(({ location }) => place(urls.get(location.scriptId) ?? '', location))
  return { function: String(result.value ?? ''), where: places.find((at) => at !== null) ?? '' }
}

/** `convex/runs.ts:12` for a place in a pushed file; null for any other. */
function place(url: string, { lineNumber, columnNumber = 0 }: Debugger.Location): string | null {
  if (!url.startsWith('file:') || !/\/functions\/\d+\/out\//.test(url)) return null
  const map = new SourceMap(JSON.parse(readFileSync(`${fileURLToPath(url)}.map`, 'utf8')))
  const entry = map.findEntry(lineNumber, columnNumber)
  if (!('originalSource' in entry)) return null
  return `${path.posix.normalize(entry.originalSource.replace(/^(\.\.\/)+/, ''))}:${entry.originalLine + 1}`
}

function noted(): readonly unknown[] {
  try {
    return JSON.parse(readFileSync(noteFile, 'utf8'))
  } catch {
    return []
  }
}
