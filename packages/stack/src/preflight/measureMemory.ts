import { readFile } from 'node:fs/promises'
import { totalmem } from 'node:os'
import path from 'node:path'

/** Memory in bytes. */
export interface Memory {
  /** What new processes can have without others being swapped out. */
  readonly available: number
  readonly total: number
  readonly limitedBy: 'machine' | 'container'
}

interface CgroupFiles {
  readonly limit: string
  readonly usage: string
  /** The key in memory.stat of the cache that the kernel gives up first. */
  readonly cache: string
}

const V2: CgroupFiles = { limit: 'memory.max', usage: 'memory.current', cache: 'inactive_file' }
const V1: CgroupFiles = { limit: 'memory.limit_in_bytes', usage: 'memory.usage_in_bytes', cache: 'total_inactive_file' }

/**
 * The memory of this machine, or of this container when it has a smaller limit.
 * @param systemRoot where /proc and /sys are, for tests.
 */
export async function measureMemory(systemRoot = '/'): Promise<Memory> {
  const machine = await measureMachine(systemRoot)
  const container = await measureContainer(systemRoot)
  if (!container || container.total >= machine.total) return machine
  return { ...container, available: Math.min(container.available, machine.available) }
}

async function measureMachine(systemRoot: string): Promise<Memory> {
  const meminfo = await readText(path.join(systemRoot, 'proc/meminfo'))
  const kibibytes = (key: string) =>
    Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(meminfo)?.[1] ?? Number.NaN) * 1024
  const [total, available] = [kibibytes('MemTotal'), kibibytes('MemAvailable')]
  // Without /proc (macOS) nobody tells what is available: the caches count as used there.
  if (Number.isNaN(total) || Number.isNaN(available))
    return { total: totalmem(), available: totalmem(), limitedBy: 'machine' }
  return { total, available, limitedBy: 'machine' }
}

/** In a container its cgroup is mounted as the root; on a machine it is a folder below. */
async function measureContainer(systemRoot: string): Promise<Memory | null> {
  const groups = await readText(path.join(systemRoot, 'proc/self/cgroup'))
  const own = /^0::(.*)$/m.exec(groups)?.[1] ?? '/'
  const ownMemory = /^\d+:(?:[\w,=]+,)?memory(?:,[\w,=]+)?:(.*)$/m.exec(groups)?.[1] ?? '/'
  const candidates: readonly (readonly [string, CgroupFiles])[] = [
    [path.join('sys/fs/cgroup', own), V2],
    ['sys/fs/cgroup', V2],
    [path.join('sys/fs/cgroup/memory', ownMemory), V1],
    ['sys/fs/cgroup/memory', V1],
  ]
  for (const [folder, files] of candidates) {
    const memory = await measureCgroup(path.join(systemRoot, folder), files)
    if (memory) return memory
  }
  return null
}

/** @returns null when there is no such cgroup, or it has no limit. */
async function measureCgroup(folder: string, files: CgroupFiles): Promise<Memory | null> {
  const [limit, usage, stat] = await Promise.all(
    [files.limit, files.usage, 'memory.stat'].map((file) => readText(path.join(folder, file))),
  )
  const total = Number.parseInt(limit ?? '', 10)
  const used = Number.parseInt(usage ?? '', 10)
  if (Number.isNaN(total) || Number.isNaN(used)) return null
  const cache = Number(new RegExp(`^${files.cache} (\\d+)`, 'm').exec(stat ?? '')?.[1] ?? 0)
  // The kubelet counts the same way: what is in use without the cache that can go.
  return { total, available: Math.max(0, total - Math.max(0, used - cache)), limitedBy: 'container' }
}

async function readText(file: string): Promise<string> {
  return await readFile(file, 'utf8').catch(() => '')
}
