import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import path from 'node:path'
import { allEndpoints } from '@nebula/stack/catalogue/endpoints'
import { loadCatalogue } from '@nebula/stack/catalogue/load'
import { STACK_FILE } from '@nebula/stack/checkout/root'
import { embeddedCatalogue } from '@nebula/stack/embedded/state/embeddedStack'
import { beforeAll, describe } from 'vitest'
import { findChromium } from '../lib/chromium.ts'
import { type StrangerTarget, strangerTests } from '../lib/strangerTests.ts'
import { addresses, pids, root, succeed } from './setup.ts'

/** Who demands this tier demands all of it. */
const isDemanded = (process.env.NEBULA_REQUIRE_TIERS ?? '').includes('embedded')

describe.skipIf(!findChromium() && !isDemanded)('strangers', () => {
  let target: StrangerTarget

  beforeAll(async () => {
    await succeed(['up'])
    const endpoints = allEndpoints(embeddedCatalogue(await loadCatalogue(path.join(root, STACK_FILE))))
    const known = endpoints.map(({ localPort }) => localPort)
    target = {
      endpoints,
      morePorts: Object.values(pids().services)
        .flatMap(listeningPorts)
        .filter((port) => !known.includes(port)),
      ...addresses(),
      open: {
        toPages: ['fetch nebula-worker.health'],
        toFrames: ['convex-backend.api', 'nebula-worker.health'],
        toNames: ['nebula-worker.health', 'temporal-ui.ui'],
      },
      facts: async () => null,
    }
  })

  strangerTests(() => target)
})

/** The TCP ports that a process listens on. */
function listeningPorts(pid: number): readonly number[] {
  const folder = `/proc/${pid}/fd`
  const sockets = new Set(
    readdirSync(folder).map((fd) => /^socket:\[(\d+)\]$/.exec(readlinkSync(path.join(folder, fd)))?.[1]),
  )
  return readFileSync(`/proc/${pid}/net/tcp`, 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state, , , , , , inode]) => state === '0A' && sockets.has(inode))
    .map(([, address = '']) => Number.parseInt(address.split(':')[1] ?? '', 16))
}
