import { withTemporal } from '@nebula/convex/runWorkflow'
import type { OwnedEndpoint } from '@nebula/stack/catalogue/endpoints'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findChromium } from './chromium.ts'
import { launch } from './page.ts'
import { STRANGE_NAME, StrangePage, Stranger, TRUSTING } from './stranger.ts'

export interface StrangerTarget {
  /** What listens, by stack.yaml. */
  readonly endpoints: readonly OwnedEndpoint[]
  /** Ports that the stack's processes listen on beside those. */
  readonly morePorts: readonly number[]
  /** `http://127.0.0.1:3210` */
  readonly convexUrl: string
  /** `127.0.0.1:7233` */
  readonly temporal: string
  /** What docs/web-pages.md says that everybody may have. */
  readonly open: Open
  /** What only this mode has, and must not change. */
  readonly facts: () => Promise<unknown>
}

interface Open {
  /** To pages of other origins, as `fetch nebula-worker.health`. */
  readonly toPages: readonly string[]
  /** To be shown in a frame of theirs. */
  readonly toFrames: readonly string[]
  /** To pages of a name that leads here. */
  readonly toNames: readonly string[]
}

/** Where there is something to be had, beside where stack.yaml says that an endpoint is looked at. */
const PLACES: Readonly<Record<string, readonly string[]>> = {
  'desktop.web': ['/icon.svg', '/src/main.tsx', '/src/index.css', '/_stack/services', '/_stack/convex/version'],
  'temporal-ui.ui': ['/api/v1/namespaces', '/api/v1/namespaces/default/workflows'],
  'convex-backend.api': ['/instance_name', '/api/query?path=runs:list&args={}'],
  'nebula-worker.health': ['/metrics'],
  'tilt.ui': ['/api/view', '/api/snapshot/local', '/debug/pprof/heap?debug=1'],
  'registry.api': ['/v2/_catalog'],
  unnamed: ['/api/v1/namespaces'],
}

const TITLE = 'of a stranger'
const RUN = { title: TITLE, steps: [{ label: 'x', durationMs: 1, failures: 0 }] }
const CREATE = { path: 'runs:create', args: RUN, format: 'json' }
const WORKFLOW = 'of-a-stranger'
const START = { workflowType: { name: WORKFLOW }, taskQueue: { name: WORKFLOW } }
/** What does something where it is heard. */
const ACTS: Readonly<Record<string, Readonly<Record<string, object>>>> = {
  'desktop.web': { '/_stack/convex/api/mutation': CREATE },
  'convex-backend.api': { '/api/mutation': CREATE },
  'tilt.ui': { '/api/trigger': { manifest_names: ['convex-functions'], build_reason: 16 } },
  'registry.api': {
    '/v2/of-a-stranger/blobs/uploads/': {},
    '/v2/of-a-stranger/manifests/latest': { schemaVersion: 2 },
  },
}
const ELSEWHERE = { [`/api/v1/namespaces/default/workflows/${WORKFLOW}`]: START }
const SYNC = [
  { type: 'Connect', sessionId: crypto.randomUUID(), connectionCount: 0, lastCloseReason: null, clientTs: 0 },
  { type: 'Mutation', requestId: 0, udfPath: 'runs:create', args: [RUN] },
]
/** Where there are WebSockets. */
const SOCKETS: Readonly<Record<string, readonly string[]>> = {
  'desktop.web': ['/_stack/convex/api/1.45.0/sync'],
  'convex-backend.api': ['/api/1.45.0/sync'],
  'tilt.ui': ['/ws/view'],
}

/** Ways to a server that trusts everybody. */
const READ = ['EventSource', 'WebSocket', 'fetch', 'fetch with cookies', 'image', 'script', 'style']
const SENT = [
  'POST application/json',
  'POST text/plain',
  'POST text/plain;charset=UTF-8',
  'PUT text/plain;charset=UTF-8',
]
/** The name of that server. */
const TRUSTS = 'trusting server'

/** What no page of another origin and no name of somebody else may do. Call it in a file whose stack is up. */
export function strangerTests(target: () => StrangerTarget): void {
  let browser: Browser
  let home: Stranger
  let trusting: Stranger
  beforeAll(async () => {
    const chromium = findChromium()
    if (chromium === undefined) throw new Error('no Chromium on the PATH, and NEBULA_TEST_CHROMIUM names none')
    browser = await launch(chromium, TRUSTING)
    home = await Stranger.start()
    trusting = await Stranger.start()
  })
  afterAll(async () => {
    await browser?.close()
    await home?.close()
    await trusting?.close()
  })

  /** Everything that listens, by its name, and what trusts everybody. */
  const ports = () =>
    new Map([
      ...target().endpoints.map(({ localPort, owner, name }) => [localPort, `${owner}.${name}`] as const),
      ...target().morePorts.map((port) => [port, 'unnamed'] as const),
      [trusting.port, TRUSTS] as const,
    ])
  /** `image http://127.0.0.1:5005/v2/` is `image registry.api`. */
  const named = (found: readonly string[]) => {
    const names = ports()
    const name = (url: string) => names.get(Number(new URL(url).port)) ?? url
    return [...new Set(found.map((what) => what.replace(/\w+:\/\/.*$/, name)))].sort()
  }

  test.each(['127.0.0.1', 'localhost', STRANGE_NAME])(
    'a page of http://%s reads nothing of another port, shows nothing in a frame, and changes nothing',
    async (host) => {
      const before = await factsOf(target())
      trusting.received.length = 0
      const page = await StrangePage.open(browser, `http://${host}:${home.port}`)
      const called = host === 'localhost' ? host : '127.0.0.1'
      const tries = [...ports()].map(([port, id]) => triesAt(`http://${called}:${port}`, id, placesOf(id)))
      const got = await page.read(tries.flatMap(({ urls }) => urls))
      const opened = await page.connect(tries.flatMap(({ sockets }) => sockets))
      const shown = await page.frame(tries.flatMap(({ urls }) => urls))
      await page.send(tries.flatMap(({ requests }) => requests))
      await page.close()
      expect([...new Set(trusting.received)].sort()).toEqual(SENT)
      const { toPages, toFrames } = target().open
      expect(named([...got, ...opened])).toEqual([...READ.map((way) => `${way} ${TRUSTS}`), ...toPages].sort())
      expect(named(shown)).toEqual([TRUSTS, ...toFrames].sort())
      expect(await factsOf(target())).toEqual(before)
    },
  )

  test('a page of a name that leads to a port of this machine reads nothing there, and changes nothing', async () => {
    const before = await factsOf(target())
    const { toNames } = target().open
    const answering: string[] = []
    for (const [port, id] of ports()) {
      const origin = `http://${STRANGE_NAME}:${port}`
      const page = await StrangePage.open(browser, origin)
      const { urls, sockets, requests } = triesAt(origin, id, placesOf(id))
      const got = [...(await page.fetch(urls)), ...(await page.connect(sockets))]
      if (got.length > 0) answering.push(id)
      // What answers to every name acts for it, too.
      if (!toNames.includes(id)) await page.send(requests)
      await page.close()
    }
    expect(answering.sort()).toEqual([...toNames, TRUSTS].sort())
    expect(await factsOf(target())).toEqual(before)
  })

  test('what they sent does act, from a program', async () => {
    const { convexUrl, temporal, endpoints } = target()
    const before = await factsOf(target())
    const response = await fetch(`${convexUrl}/api/mutation`, { method: 'POST', body: JSON.stringify(CREATE) })
    expect(await response.json()).toMatchObject({ status: 'success' })
    expect((await factsOf(target())).runs).toBe(before.runs + 1)
    const ui = endpoints.find(({ owner }) => owner === 'temporal-ui')?.localPort
    const url = `http://127.0.0.1:${ui}/api/v1/namespaces/default/workflows/${WORKFLOW}`
    const headers = { authorization: 'Bearer x' }
    expect((await fetch(url, { method: 'POST', headers, body: JSON.stringify(START) })).status).toBe(200)
    expect(await workflowIsThere(temporal)).toBe(true)
    await withTemporal({ address: temporal }, ({ workflow }) => workflow.getHandle(WORKFLOW).terminate())
  })

  const placesOf = (id: string): readonly string[] => {
    const endpoint = target().endpoints.find(({ owner, name }) => id === `${owner}.${name}`)
    return [...new Set(['/', endpoint?.path ?? '/', ...(PLACES[id] ?? [])])]
  }
}

function triesAt(origin: string, id: string, places: readonly string[]) {
  return {
    urls: places.map((place) => origin + place),
    requests: Object.entries(ACTS[id] ?? ELSEWHERE).map(([place, body]) => ({ url: origin + place, body })),
    sockets: (SOCKETS[id] ?? ['/']).map((place) => ({ url: origin.replace('http', 'ws') + place, messages: SYNC })),
  }
}

/** What a stranger would have changed. */
async function factsOf({ convexUrl, temporal, facts }: StrangerTarget) {
  const query = { path: 'runs:list', args: { paginationOpts: { numItems: 1000, cursor: null } }, format: 'json' }
  const answer = await fetch(`${convexUrl}/api/query`, { method: 'POST', body: JSON.stringify(query) })
  // As the query returns it.
  const { value } = (await answer.json()) as { value: { page: readonly { title: string }[] } }
  return {
    runs: value.page.filter(({ title }) => title === TITLE).length,
    workflow: await workflowIsThere(temporal),
    more: await facts(),
  }
}

async function workflowIsThere(temporal: string): Promise<boolean> {
  return await withTemporal({ address: temporal }, async ({ workflow }) => {
    try {
      await workflow.getHandle(WORKFLOW).describe()
      return true
    } catch (error) {
      if (error instanceof Error && error.name === 'WorkflowNotFoundError') return false
      throw error
    }
  })
}
