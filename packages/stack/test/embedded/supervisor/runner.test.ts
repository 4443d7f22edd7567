import { expect, test, vi } from 'vitest'
import { parseCatalogue } from '../../../src/catalogue/load.ts'
import { makeRunner, type RunnerContext } from '../../../src/embedded/supervisor/runner.ts'
import { StatusBoard } from '../../../src/embedded/supervisor/statusBoard.ts'
import { ensureSecrets } from '../../../src/secrets/secrets.ts'
import { temporaryFolder } from '../../temporaryFolder.ts'

test('a service whose runner has failed is stopped like any other, so that the rest is ended too', async () => {
  const root = await temporaryFolder()
  const catalogue = parseCatalogue(
    `name: nebula
cluster: { name: k3d-nebula, namespace: nebula, definition: infra/ctlptl.yaml, dataVolume: nebula-data }
platform: []
services:
  - id: setup
    title: setup
    summary: a job
    group: data
    kind: job
    embedded: { argv: [node] }
    resources: { memoryMb: 1, diskMb: 0 }
    usualStartMs: 1
`,
    'stack.yaml',
  )
  const [service] = catalogue.services
  if (!service) throw new TypeError('no service')
  const board = new StatusBoard(catalogue.services)
  const secrets = await ensureSecrets(root)
  const context: RunnerContext = { catalogue, root, secrets, board, hungMs: 1_000, onProcess: () => {} }
  const failure = new Error('the process does not end')
  const close = vi.fn(async () => {})
  const unhandled = vi.fn()
  process.once('unhandledRejection', unhandled)
  const runner = makeRunner(service, context, { run: () => Promise.reject(failure), close })
  runner.start()
  await expect.poll(() => unhandled.mock.calls.length).toBe(1)
  await runner.stop()
  expect(close).toHaveBeenCalledOnce()
  expect(board.get('setup').state).toBe('stopped')
})
