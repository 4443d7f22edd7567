import { statfs } from 'node:fs/promises'
import { type Check, type CheckResult, neededBytes, showBytes } from './check.ts'

/** What images, logs and builds take beside the services' data. */
const MARGIN = 3 * 2 ** 30
/** With less the stack cannot even keep running. */
const LEAST = 2 ** 30
/** Without this not even logs can be kept. */
const LEAST_EMBEDDED = 50 * 2 ** 20
/** The kubelet evicts pods at about 5 % free and starts to delete images at 15 %; between the two it gets slow. */
const EVICTION_SHARE = 0.06
/** The second has the images where Docker uses containerd's image store, as a new Docker 29 does. */
const DOCKER_FOLDERS = ['/var/lib/docker', '/var/lib/containerd']

interface Disk {
  readonly folder: string
  readonly free: number
  readonly total: number
}

/** There is room for the stack's data and images, where the repository is and where Docker keeps things. */
export const diskCheck: Check = {
  id: 'disk',
  title: 'Disk',
  run: async ({ root, catalogue, ownPorts }) => {
    // A stack that runs has its images and its data already.
    const needed = ownPorts.size > 0 ? LEAST : neededBytes(catalogue, 'diskMb') + MARGIN
    const disks = (await Promise.all([root, ...DOCKER_FOLDERS].map(measure))).filter((disk) => disk !== null)
    const judged = disks.map((disk) => judge(disk, needed))
    return (
      judged.find(({ status }) => status === 'fail') ??
      judged.find(({ status }) => status === 'warn') ??
      judged[0] ??
      unknown
    )
  },
}

/** There is room for the data of embedded mode; nothing there evicts anything. */
export const embeddedDiskCheck: Check = {
  id: 'disk',
  title: 'Disk',
  run: async ({ root }) => {
    const disk = await measure(root)
    if (!disk) return unknown
    const found = `${showBytes(disk.free)} free at ${root}`
    if (disk.free >= LEAST) return { status: 'ok', message: found }
    const status = disk.free < LEAST_EMBEDDED ? 'fail' : 'warn'
    return {
      status,
      message: `${found}; at least ${showBytes(LEAST)} is advisable`,
      fix: `du -xh --max-depth=2 '${root}'`,
    }
  },
}

const unknown: CheckResult = { status: 'warn', message: 'the free space is unknown' }

function judge({ folder, free, total }: Disk, needed: number): CheckResult {
  const found = `${showBytes(free)} free at ${folder}`
  const fix = 'docker system prune'
  if (free < LEAST) return { status: 'fail', message: `${found}; at least ${showBytes(LEAST)} is needed`, fix }
  if (free < needed) return { status: 'warn', message: `${found}; the stack takes up to ${showBytes(needed)}`, fix }
  if (free - needed < total * EVICTION_SHARE) {
    return { status: 'warn', message: `${found}; Kubernetes stops pods when less than 5 % of the disk is free`, fix }
  }
  return { status: 'ok', message: found }
}

/** @returns null where there is no such folder, or it is not for this user: Docker's may be in a virtual machine. */
async function measure(folder: string): Promise<Disk | null> {
  const stats = await statfs(folder).catch(() => null)
  return stats && { folder, free: stats.bavail * stats.bsize, total: stats.blocks * stats.bsize }
}
