import { expect, test } from 'vitest'
import { retryFailed } from '../../src/cluster/tilt.ts'
import { fakeTools } from './fakeTools.ts'

const PORT = 10_350

test('what failed to build runs again, and a server of this machine that has ended; what Kubernetes sees to does not', async () => {
  const resource = (name: string, updateStatus: string, runtimeStatus: string, triggerMode = 0) => ({
    metadata: { name },
    status: { updateStatus, runtimeStatus, triggerMode },
  })
  const items = [
    resource('worker', 'error', 'pending'),
    resource('dashboard-proxy', 'not_applicable', 'error'),
    resource('native-window', 'not_applicable', 'error', 2),
    resource('page', 'not_applicable', 'ok'),
    resource('crashing-pod', 'ok', 'error'),
    resource('(Tiltfile)', 'ok', 'not_applicable'),
  ]
  const tools = fakeTools([{ when: /^tilt get uiresources/, stdout: JSON.stringify({ items }) }])
  expect(await retryFailed(PORT)).toEqual(['worker', 'dashboard-proxy'])
  expect(tools.calls().filter((call) => call.startsWith('tilt trigger'))).toEqual([
    `tilt trigger worker --port ${PORT}`,
    `tilt trigger dashboard-proxy --port ${PORT}`,
  ])
})
