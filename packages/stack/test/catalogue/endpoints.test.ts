import { expect, test } from 'vitest'
import { allEndpoints, endpointAddress, endpointUrl, findEndpoint, portsOf } from '../../src/catalogue/endpoints.ts'
import { parseCatalogue } from '../../src/catalogue/load.ts'
import { catalogueText } from './catalogueText.ts'

const catalogue = parseCatalogue(catalogueText, 'stack.yaml')

test('every endpoint is told with whose it is, those of the platform first', () => {
  const found = allEndpoints(catalogue).map(({ owner, ownerTitle, name }) => `${owner} ${ownerTitle} ${name}`)
  expect(found).toEqual(['tilt Tilt ui', 'database Database sql', 'web Web ui'])
})

test('an endpoint is found by its owner and its name, where code on this machine reaches it', () => {
  expect(endpointUrl(catalogue, 'web', 'ui')).toBe('http://127.0.0.1:8080')
  expect(endpointAddress(catalogue, 'database', 'sql')).toBe('127.0.0.1:5432')
  for (const [owner, name] of [
    ['web', 'sql'],
    ['no', 'ui'],
  ] as const) {
    const message = `infra/stack.yaml: "${owner}" has no endpoint "${name}"`
    expect(() => findEndpoint(catalogue, owner, name)).toThrow(new TypeError(message))
  }
})

test('an endpoint behind a proxy takes two ports', () => {
  const endpoint = findEndpoint(catalogue, 'web', 'ui')
  expect(portsOf(endpoint)).toEqual([8080])
  expect(portsOf({ ...endpoint, forwardPort: 8081 })).toEqual([8080, 8081])
})
