import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { allEndpoints } from '../../src/catalogue/endpoints.ts'
import { loadCatalogue } from '../../src/catalogue/load.ts'
import { FORWARDED_PORTS_FILE } from '../../src/checkout/paths.ts'
import { forwardedPorts, personUrl, writeForwardedPorts } from '../../src/codespaces/browserUrls.ts'
import { findCodespace } from '../../src/codespaces/codespace.ts'
import { temporaryFolder } from '../temporaryFolder.ts'

const ENVIRONMENT = {
  CODESPACE_NAME: 'fluffy-waffle-7q9r',
  GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN: 'app.github.dev',
}
const CODESPACE = { name: 'fluffy-waffle-7q9r', domain: 'app.github.dev' }
const catalogue = await loadCatalogue(path.resolve(import.meta.dirname, '../../../../infra/stack.yaml'))

test('a codespace is known by its variables', () => {
  expect(findCodespace(ENVIRONMENT)).toEqual(CODESPACE)
  expect(findCodespace({ ...ENVIRONMENT, CODESPACE_NAME: undefined })).toBeNull()
  expect(findCodespace({})).toBeNull()
  expect(findCodespace({ CODESPACE_NAME: 'fluffy-waffle-7q9r' })).toEqual(CODESPACE)
})

test.each([
  ['a domain with a path', { GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN: 'app.github.dev/x' }],
  ['a name that is none', { CODESPACE_NAME: 'a.b' }],
])('%s is an error that names the variable', (_, change) => {
  const [variable] = Object.keys(change)
  expect(() => findCodespace({ ...ENVIRONMENT, ...change })).toThrow(variable)
})

test('every address that a person opens is the forwarded one, with its path', () => {
  const urls = allEndpoints(catalogue).map((endpoint) => personUrl(endpoint, CODESPACE))
  expect(urls).toContain('https://fluffy-waffle-7q9r-10350.app.github.dev')
  expect(urls).toContain('https://fluffy-waffle-7q9r-8080.app.github.dev')
  expect(urls).toContain('https://fluffy-waffle-7q9r-3210.app.github.dev/version')
  expect(urls.filter((url) => url?.includes('localhost'))).toEqual([])
})

test('outside of a codespace it is localhost', () => {
  const urls = allEndpoints(catalogue).flatMap((endpoint) => personUrl(endpoint, null) ?? [])
  expect(urls.every((url) => url.startsWith('http://localhost:'))).toBe(true)
})

test('only what speaks HTTP is forwarded to a browser', () => {
  const ports = forwardedPorts(catalogue, CODESPACE)
  expect(ports).toMatchObject({ '6791': 'https://fluffy-waffle-7q9r-6791.app.github.dev' })
  expect(Object.keys(ports)).not.toContain('5432')
  expect(Object.keys(ports)).not.toContain('7233')
})

test('what a codespace left behind does not outlive it', async () => {
  const root = await temporaryFolder()
  const written = async () => JSON.parse(await readFile(path.join(root, FORWARDED_PORTS_FILE), 'utf8'))
  await writeForwardedPorts(root, forwardedPorts(catalogue, CODESPACE))
  expect(Object.keys(await written())).toContain('3210')
  await writeForwardedPorts(root, forwardedPorts(catalogue, null))
  expect(await written()).toEqual({})
})
