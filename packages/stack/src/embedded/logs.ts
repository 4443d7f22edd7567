import { open, readFile, stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { logFile } from '../checkout/paths.ts'
import type { LogOptions } from '../driver/stackDriver.ts'
import { hasCode } from '../system/files.ts'
import type { EmbeddedContext } from './context.ts'
import { START_MARK } from './state/serviceLog.ts'

const INTERVAL_MS = 200

/** The last lines that the present process of a service said, or the last one if none runs. */
export async function lastLines(root: string, id: string, count: number): Promise<readonly string[]> {
  const lines = await linesOf(logFile(root, id))
  const began = lines.findLastIndex((line) => line.startsWith(START_MARK))
  return lines
    .slice(began + 1)
    .filter((line) => !line.startsWith('── '))
    .slice(-count)
}

/** Shows the end of services' logs, with the name of the service in front of each line, and goes on with what comes. */
export async function showLogs(
  { root, link }: EmbeddedContext,
  { services, tail, follow, signal, onLine }: LogOptions,
): Promise<void> {
  const width = Math.max(...services.map((id) => id.length))
  const show = (id: string) => (line: string) => onLine(`${id.padEnd(width)} │ ${line}`)
  const offsets = new Map<string, number>()
  for (const id of services) {
    const file = logFile(root, id)
    offsets.set(id, await sizeOf(file))
    for (const line of (await linesOf(file)).slice(-tail)) show(id)(line)
  }
  let runs = follow
  while (runs && !signal.aborted) {
    // Asked before reading: what is said until the end is still shown.
    runs = 'supervisor' in (await link.look())
    for (const id of services) {
      const { text, offset } = await readFrom(logFile(root, id), offsets.get(id) ?? 0)
      offsets.set(id, offset)
      for (const line of text.split('\n').slice(0, -1)) show(id)(line)
    }
    await sleep(INTERVAL_MS, undefined, { signal }).catch(() => {})
  }
}

async function linesOf(file: string): Promise<readonly string[]> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return ''
    throw error
  })
  return text.split('\n').filter((line) => line !== '')
}

async function sizeOf(file: string): Promise<number> {
  return await stat(file).then(
    ({ size }) => size,
    () => 0,
  )
}

/** @returns the whole lines after an offset in bytes, and the offset behind them; from the start in a file that was rotated. */
async function readFrom(file: string, offset: number): Promise<{ text: string; offset: number }> {
  const size = await sizeOf(file)
  const from = size < offset ? 0 : offset
  if (size === from) return { text: '', offset: from }
  const handle = await open(file, 'r')
  try {
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(size - from), position: from })
    const end = buffer.lastIndexOf(0x0a, bytesRead - 1) + 1
    return { text: buffer.toString('utf8', 0, end), offset: from + end }
  } finally {
    await handle.close()
  }
}
