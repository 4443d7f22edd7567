import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { loadCatalogue } from '../../src/catalogue/load.ts'
import { clusterDriver } from '../../src/cluster/driver.ts'
import { temporaryFolder } from '../temporaryFolder.ts'

const root = path.resolve(import.meta.dirname, '../../../..')

/** A Tilt that runs this checkout's Tiltfile, and whose `logs` does this. */
async function driverWithTilt(logs: string) {
  const bin = path.join(await temporaryFolder(), 'bin')
  mkdirSync(bin)
  const session = { spec: { tiltfilePath: path.join(root, 'infra/Tiltfile') }, status: { pid: process.pid } }
  const script = `#!/bin/sh\nif [ "$1" = get ]; then echo '${JSON.stringify({ items: [session] })}'; else ${logs}; fi\n`
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
