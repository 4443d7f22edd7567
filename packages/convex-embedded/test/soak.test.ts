import { readFileSync } from 'node:fs'
import { ConvexClient } from 'convex/browser'
import { expect, it } from 'vitest'
import { httpClient, liveClient, watch } from './harness/clients.ts'
import { api } from './harness/fixture.ts'
import { liveHeap } from './harness/heap.ts'
import { useServer } from './harness/useServer.ts'

const MUTATIONS = 10_000
/** Until here the server's caches fill and its code gets compiled. */
const WARM_UP = 3_000
const SUBSCRIBERS = 50
const COUNTERS = 10
/** Every so many mutations one adds a document instead of counting. */
const DOCUMENT_EVERY = 20
const AT_ONCE = 25
/**
 * What may stay behind of the mutations after the warm-up, when garbage is collected: less than 600 bytes of each, which
 * is what the documents that they add need and what the heap's own tables vary by. Nothing keeps growing here.
 */
const HEAP_GROWTH_MB = 4
/** The same for the whole process, so that it sees what leaks outside of the heap: sockets, statements, buffers. */
const RESIDENT_GROWTH_MB = 50
const VISITORS = 600
/** 3.4 kB a visitor: what a session without its queries takes. */
const VISITORS_GROWTH_MB = 2

const server = useServer({ inspect: true })

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

  let warm = { heap: 0, resident: 0 }
  for (let begun = 0; begun < MUTATIONS; begun += AT_ONCE) {
    if (begun === WARM_UP) warm = await memoryMb()
    await Promise.all(Array.from({ length: AT_ONCE }, (_, offset) => mutate(begun + offset)))
  }
  await Promise.all(subscribers.map(({ name, seen }) => seen.until((value) => value === expected.get(name))))
  const { heap, resident } = await memoryMb()
  expect(heap - warm.heap).toBeLessThan(HEAP_GROWTH_MB)
  expect(resident - warm.resident).toBeLessThan(RESIDENT_GROWTH_MB)
  // What a subscriber sees only ever grows: an update that was lost or came late would show.
  for (const { seen } of subscribers) expect(seen.results).toEqual(seen.results.toSorted((a, b) => a - b))

  const before = await everything()
  expect(before).toMatchObject({ counters: Object.fromEntries(expected), messages: { length: documents } })
  await server.stop('SIGINT')
  await server.start()
  expect(await everything()).toEqual(before)
  await Promise.all(subscribers.map(({ name, seen }) => seen.until((value) => value === expected.get(name))))
})

it('keeps nothing of clients that have left', { timeout: 120_000 }, async () => {
  const come = async (index: number) => {
    const client = new ConvexClient(server.url, { logger: false, unsavedChangesWarning: false })
    const args = { channel: 'visited', paginationOpts: { numItems: 10, cursor: null } }
    // Each one its own query, so that nobody else keeps it alive.
    await watch<number>(client, api.messages.count, { name: `visitor ${index}` }).until((value) => value === 0)
    await watch<object>(client, api.messages.page, args).until((value) => value !== undefined)
    await client.close()
  }
  const all = async (from: number) => {
    for (let index = 0; index < VISITORS; index += 10) {
      await Promise.all(Array.from({ length: 10 }, (_, offset) => come(from + index + offset)))
    }
  }
  await all(0)
  const before = await memoryMb()
  await all(VISITORS)
  const after = await memoryMb()
  expect(after.heap - before.heap).toBeLessThan(VISITORS_GROWTH_MB)
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

/** What the server holds once its garbage is collected. */
async function memoryMb(): Promise<{ heap: number; resident: number }> {
  const heap = (await liveHeap(server)) / 1e6
  // Elsewhere nobody tells it this cheaply.
  if (process.platform !== 'linux') return { heap, resident: 0 }
  const status = readFileSync(`/proc/${server.pid}/status`, 'utf8')
  return { heap, resident: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024 }
}
