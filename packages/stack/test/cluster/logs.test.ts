import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { loadCatalogue } from '../../src/catalogue/load.ts'
import { clusterDriver } from '../../src/cluster/driver.ts'
import { temporaryFolder } from '../temporaryFolder.ts'

const root = path.resolve(import.meta.dirname, '../../../..')

/** A Tilt that runs this checkout's Tiltfile, with this error in it if any, and whose `logs` does this. */
async function driverWithTilt(logs: string, error?: string) {
  const bin = path.join(await temporaryFolder(), 'bin')
  mkdirSync(bin)
  const session = { spec: { tiltfilePath: path.join(root, 'infra/Tiltfile') }, status: { pid: process.pid } }
  const tiltfile = {
    metadata: { name: '(Tiltfile)' },
    status: error === undefined ? { updateStatus: 'ok' } : { updateStatus: 'error', buildHistory: [{ error }] },
  }
  const answer = (item: unknown) => `echo '${JSON.stringify({ items: [item] })}'`
  const script = `#!/bin/sh
case "$1 $2" in
  'get sessions') ${answer(session)} ;;
  'get uiresources') ${answer(tiltfile)} ;;
  *) ${logs} ;;
esac
`
  writeFileSync(path.join(bin, 'tilt'), script, { mode: 0o755 })
  vi.stubEnv('PATH', `${bin}:${process.env.PATH}`)
  onTestFinished(() => void vi.unstubAllEnvs())
  return await clusterDriver(root, await loadCatalogue(path.join(root, 'infra/stack.yaml')))
}

const OPTIONS = { services: [], tail: 10, follow: true }

test('following what the services say ends well when it is interrupted, so that whoever was attached can stop them', async () => {
  const driver = await driverWithTilt('echo hello; exec sleep 60')
  const abort = new AbortController()
  const lines: string[] = []
  const onLine = (line: string) => {
    lines.push(line)
    abort.abort(new Error('interrupted'))
  }
  await driver.logs({ ...OPTIONS, signal: abort.signal, onLine })
  expect(lines).toEqual(['hello'])
})

test('a Tilt that cannot show logs is an error', async () => {
  const driver = await driverWithTilt('exit 1')
  const { signal } = new AbortController()
  await expect(driver.logs({ ...OPTIONS, signal, onLine: () => {} })).rejects.toMatchObject({ code: 'TILT_FAILED' })
})

test('why Tilt follows no edit is said too: last, or first where the lines have no end', async () => {
  const driver = await driverWithTilt('echo hello', 'Error in fail: not today')
  const { signal } = new AbortController()
  for (const follow of [true, false]) {
    const lines: string[] = []
    await driver.logs({ ...OPTIONS, follow, signal, onLine: (line) => void lines.push(line) })
    const problem = 'tilt │ infra/Tiltfile: not today'
    expect(lines).toEqual(follow ? [problem, 'hello'] : ['hello', problem])
  }
})
