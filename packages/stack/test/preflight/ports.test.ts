import { expect, test, vi } from 'vitest'
import { allEndpoints, portsOf } from '../../src/catalogue/endpoints.ts'
import { parseCatalogue } from '../../src/catalogue/load.ts'
import type { PreflightContext } from '../../src/preflight/check.ts'
import { portsCheck } from '../../src/preflight/ports.ts'
import type { PortHolder } from '../../src/system/ports/listener.ts'
import * as ports from '../../src/system/ports/ports.ts'
import { catalogueText } from '../catalogue/catalogueText.ts'
import { freePort, silentServer } from '../servers.ts'

vi.mock('../../src/system/ports/ports.ts', async (original) => {
  const real = await original<typeof ports>()
  return { ...real, holdersOfPorts: vi.fn(real.holdersOfPorts) }
})

const context = { root: import.meta.dirname, ownPorts: new Set<number>() }

/** The catalogue with free ports, but for these. */
async function withPorts(tilt: number, sql: number): Promise<PreflightContext['catalogue']> {
  const text = catalogueText
    .replace('10350', String(tilt))
    .replace('localPort: 5432', `localPort: ${sql}`)
    .replace('8080', String(await freePort()))
  return parseCatalogue(text, 'stack.yaml')
}

test('names the service, the port and who holds it; free ones and our own are fine', async () => {
  const [taken, own] = [await silentServer(), await silentServer()]
  const catalogue = await withPorts(taken, own)
  const result = await portsCheck.run({ ...context, catalogue, ownPorts: new Set([own]) })
  expect(result).toEqual({
    status: 'fail',
    message: expect.stringMatching(
      new RegExp(`^port ${taken} \\(Tilt\\) is taken by .*\\(pid ${process.pid}, in .*\\)$`),
    ),
    fix: `kill ${process.pid}`,
  })
})

test('what stands behind a proxy takes a port too', async () => {
  const taken = await silentServer()
  const catalogue = await withPorts(await freePort(), await freePort())
  const services = catalogue.services.map((service) => ({
    ...service,
    endpoints: service.endpoints.map((endpoint) =>
      endpoint.name === 'sql' ? { ...endpoint, forwardPort: taken } : endpoint,
    ),
  }))
  const result = await portsCheck.run({ ...context, catalogue: { ...catalogue, services } })
  expect(result.message).toContain(`port ${taken} (SQL) is taken`)
  const ownPorts = new Set([taken])
  expect((await portsCheck.run({ ...context, catalogue: { ...catalogue, services }, ownPorts })).status).toBe('ok')
})

test('says that all are free', async () => {
  const catalogue = await withPorts(await freePort(), await freePort())
  expect(await portsCheck.run({ ...context, catalogue })).toEqual({ status: 'ok', message: '3 ports are free' })
  const ownPorts = new Set(allEndpoints(catalogue).flatMap(portsOf))
  const found = await portsCheck.run({ ...context, catalogue, ownPorts })
  expect(found).toEqual({ status: 'ok', message: 'in use by this stack itself' })
})

test('what runs in this checkout is its stack, unless it is a container or nobody knows what', async () => {
  const catalogue = await withPorts(await freePort(), await freePort())
  const numbers = allEndpoints(catalogue).map(({ localPort }) => localPort)
  const look = async (...holders: PortHolder[]) => {
    const held = numbers.flatMap((port, index) => (holders[index] ? [[port, holders[index]] as const] : []))
    vi.mocked(ports.holdersOfPorts).mockResolvedValueOnce(new Map(held))
    return await portsCheck.run({ ...context, root: '/the/checkout', catalogue })
  }
  const fix = async (...holders: PortHolder[]) => (await look(...holders)).fix
  expect(await fix({ pid: 1, command: 'a', cwd: '/the/checkout' })).toBe('npm run down')
  expect(await fix({ pid: 1, command: 'a', cwd: '/the/checkout/apps/worker' })).toBe('npm run down')
  expect(await fix({ pid: 1, command: 'a', cwd: '/the' })).toBe('kill 1')
  expect(await fix({ pid: 1, command: 'a', cwd: '/the/other' })).toBe('kill 1')
  expect(await fix({ pid: 1, command: 'a' })).toBe('kill 1')
  expect(await fix({ pid: 1, command: 'a', cwd: '/the/checkout', container: 'c' })).toBe('docker stop c')
  expect(await fix({ unknown: true })).toBe(`sudo lsof -nP -iTCP:${numbers[0]} -sTCP:LISTEN`)
  const two = await look({ pid: 1, command: 'a' }, { pid: 2, command: 'b' })
  expect(two.fix).toBe('kill 1\nkill 2')
  expect(two.message).toBe(
    `port ${numbers[0]} (Tilt) is taken by a (pid 1)\nport ${numbers[1]} (SQL) is taken by b (pid 2)`,
  )
})
