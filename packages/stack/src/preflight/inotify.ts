import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Check, CheckResult } from './check.ts'

/** Kubernetes, Tilt and editors share these; with Linux' old defaults watchers fail with "too many open files". */
const LIMITS = [
  { name: 'max_user_instances', least: 512, better: 1280 },
  { name: 'max_user_watches', least: 65_536, better: 655_360 },
] as const

/** Linux lets one user watch enough files. */
export const inotifyCheck: Check = { id: 'inotify', title: 'File watches', run: () => checkInotify() }

/** @param systemRoot where /proc is, for tests. */
export async function checkInotify(systemRoot = '/'): Promise<CheckResult> {
  const found = await Promise.all(
    LIMITS.map(async (limit) => ({
      ...limit,
      value: await readLimit(path.join(systemRoot, 'proc/sys/fs/inotify', limit.name)),
    })),
  )
  const low = found.filter(({ value, least }) => value !== null && value < least)
  if (low.length > 0) {
    return {
      status: 'warn',
      message: low
        .map(({ name, value, least }) => `fs.inotify.${name} is ${value}, at least ${least} is needed`)
        .join('; '),
      fix: `sudo sysctl -w ${low.map(({ name, better }) => `fs.inotify.${name}=${better}`).join(' ')}`,
    }
  }
  const known = found.filter(({ value }) => value !== null)
  if (known.length === 0) return { status: 'ok', message: 'this system has no such limits' }
  return { status: 'ok', message: known.map(({ name, value }) => `${name} ${value}`).join(', ') }
}

async function readLimit(file: string): Promise<number | null> {
  const text = await readFile(file, 'utf8').catch(() => null)
  return text === null ? null : Number(text)
}
