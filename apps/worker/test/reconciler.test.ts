import { expect, test } from 'vitest'
import { reconcile } from '../src/reconciler.ts'
import type { WorkflowState } from '../src/workflowStarter.ts'
import { fakeReports, keptLog } from './fakes.ts'

const WORKFLOWS: Readonly<Record<string, { state: WorkflowState; name: string }>> = {
  alive: { state: 'running', name: 'running' },
  terminated: { state: 'ended', name: 'terminated' },
}

/** Lets the reconciler look once at these runs: it is stopped when it asks for the second time. */
async function look(open: { queued: string[]; running: string[] }) {
  const stop = new AbortController()
  const { log, lines } = keptLog()
  const ended: string[] = []
  let looks = 0
  const { reports } = fakeReports([], {
    open: async () => {
      looks += 1
      if (looks === 2) stop.abort()
      // The backend's ids are strings with a mark that only the compiler sees.
      return open as never
    },
    end: async (runId, _key, { status, error }) => {
      ended.push(`${runId} ${status}: ${error}`)
      return true
    },
  })
  const workflows = {
    stateOf: async (runId: string) => WORKFLOWS[runId] ?? { state: 'unknown' as const, name: 'unknown to Temporal' },
  }
  await reconcile({ reports, workflows, log, signal: stop.signal, intervalMs: 1 })
  return { ended, lines }
}

test('an outage does not end the looking', async () => {
  const stop = new AbortController()
  const { log, lines } = keptLog()
  let looks = 0
  const open = async () => {
    looks += 1
    if (looks === 3) stop.abort()
    throw new Error('away')
  }
  const { reports } = fakeReports([], { open })
  const workflows = { stateOf: async () => ({ state: 'running' as const, name: 'running' }) }
  await reconcile({ reports, workflows, log, signal: stop.signal, intervalMs: 1 })
  expect(lines).toHaveLength(2)
})

test('a run whose workflow goes on, or was not started yet, is left alone', async () => {
  expect((await look({ queued: ['new'], running: ['alive'] })).ended).toEqual([])
})

test('a running run whose workflow is gone fails, and says why', async () => {
  const { ended, lines } = await look({ queued: [], running: ['gone', 'terminated', 'alive'] })
  expect(ended).toEqual([
    'gone failed: its workflow is unknown to Temporal',
    'terminated failed: its workflow is terminated',
  ])
  expect(lines).toHaveLength(2)
})

test('a queued run whose workflow has ended before it began fails too', async () => {
  expect((await look({ queued: ['terminated'], running: [] })).ended).toEqual([
    'terminated failed: its workflow is terminated',
  ])
})
