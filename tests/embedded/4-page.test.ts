import path from 'node:path'
import { beforeAll, describe } from 'vitest'
import { repository } from '../lib/checkout.ts'
import { findChromium } from '../lib/chromium.ts'
import { pageLookTests } from '../lib/pageLookTests.ts'
import { pageTests } from '../lib/pageTests.ts'
import type { PageTarget } from '../lib/pageWindows.ts'
import { localPort, pids, statusOf, succeed } from './setup.ts'

/** Who demands this tier demands all of it. */
const isDemanded = (process.env.NEBULA_REQUIRE_TIERS ?? '').includes('embedded')

describe.skipIf(!findChromium() && !isDemanded)('the page in Chromium', () => {
  let target: PageTarget

  beforeAll(async () => {
    await succeed(['up'])
    target = {
      url: `http://localhost:${localPort('desktop', 'web')}`,
      screenshots: process.env.NEBULA_TEST_SCREENSHOTS ?? path.join(repository, '.nebula/screenshots'),
      convexIsStandIn: (await statusOf('convex-backend')).standIn !== undefined,
      killBackend: () => void process.kill(pids().services['convex-backend'] ?? 0, 'SIGKILL'),
    }
  })

  pageTests(() => target)
  pageLookTests(() => target)
})
