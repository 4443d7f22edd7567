import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { api, httpClient, liveClient, type Server, startDeployed, startServer, watch } from './harness.ts'

const MUTATIONS = 10_000
/** Until here the server's caches fill and its code gets compiled. */
const WARM_UP = 3_000
const SUBSCRIBERS = 50
const COUNTERS = 10
/** Every so many mutations one adds a document instead of counting. */
const DOCUMENT_EVERY = 20
const AT_ONCE = 25
/**
 * What the memory of the process may grow by after the warm-up. It levels off about 85 MB above it, at 20,000 mutations
 * as at 40,000; 7,000 mutations that each left 12 kB behind would be over the limit.
 */
const GROWTH_MB = 80

let server: Server
let clean: () => Promise<void>
beforeAll(async () => {
  ;({ server, clean } = await startDeployed())
})
afterAll(async () => {
  await server.stop('SIGKILL')
  await clean()
})

const counter = (index: number) => `counter ${index % COUNTERS}`

it('takes 10,000 mutations before 50 live subscribers: none lost, memory flat, all there after a restart', {
  timeout: 300_000,
}, async () => {
  const subscribers = Array.from({ length: SUBSCRIBERS }, (_, index) => {
    const name = counter(index)
    return { name, seen: watch<number>(liveClient(server), api.messages.count, { name }) }
  })
  const http = httpClient(server)
  const live = liveClient(server)
  const expected = new Map<string, number>()
  let documents = 0

  async function mutate(index: number): Promise<void> {
    if (index % DOCUMENT_EVERY === 0) {
      documents += 1
      await http.mutation(api.messages.send, { channel: 'soak', body: `message ${index}` }, { skipQueue: true })
      return
    }
    const name = counter(index)
    expected.set(name, (expected.get(name) ?? 0) + 1)
    if (index % 2 === 0) await live.mutation(api.messages.increment, { name })
    else await http.mutation(api.messages.increment, { name }, { skipQueue: true })
  }

  let warmMb = 0
  for (let begun = 0; begun < MUTATIONS; begun += AT_ONCE) {
    if (begun === WARM_UP) warmMb = memoryMb(server.pid)
    await Promise.all(Array.from({ length: AT_ONCE }, (_, offset) => mutate(begun + offset)))
  }
  await Promise.all(subscribers.map(({ name, seen }) => seen.until((value) => value === expected.get(name))))
  expect(memoryMb(server.pid) - warmMb).toBeLessThan(GROWTH_MB)
  // What a subscriber sees only ever grows: an update that was lost or came late would show.
  for (const { seen } of subscribers) expect(seen.results).toEqual(seen.results.toSorted((a, b) => a - b))

  const before = await everything()
  expect(before).toMatchObject({ counters: Object.fromEntries(expected), messages: { length: documents } })
  await server.stop('SIGINT')
  server = await startServer(server.dataDir, { port: server.port })
  expect(await everything()).toEqual(before)
  await Promise.all(subscribers.map(({ name, seen }) => seen.until((value) => value === expected.get(name))))
})

/** All that the mutations have left, ids and times included. */
async function everything() {
  const http = httpClient(server)
  const names = Array.from({ length: COUNTERS }, (_, index) => counter(index))
  const counts = await Promise.all(names.map((name) => http.query(api.messages.count, { name })))
  return {
    counters: Object.fromEntries(names.map((name, index) => [name, counts[index]])),
    messages: await http.query(api.messages.list, { channel: 'soak' }),
  }
}

/** Resident memory of a process. */
function memoryMb(pid: number): number {
  // Elsewhere nobody tells it this cheaply.
  if (process.platform !== 'linux') return 0
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
}
