import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { loadCatalogue } from '@nebula/stack/catalogue/load'
import { MINIMUM_RUST } from '@nebula/stack/preflight/native'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { repository } from '../lib/checkout.ts'

const folder = path.join(repository, 'apps/desktop/src-tauri')
const read = (file: string): unknown => JSON.parse(readFileSync(path.join(folder, file), 'utf8'))
const Config = z.looseObject({
  version: z.string(),
  build: z.looseObject({ devUrl: z.string() }),
  app: z.looseObject({
    security: z.looseObject({ csp: z.record(z.string(), z.string()), capabilities: z.array(z.string()) }),
  }),
  bundle: z.looseObject({ icon: z.array(z.string()) }),
})
const config = Config.parse(read('tauri.conf.json'))

test('the window in development shows the page where infra/stack.yaml has it', async () => {
  const catalogue = await loadCatalogue(path.join(repository, 'infra/stack.yaml'))
  const port = catalogue.services.find(({ id }) => id === 'desktop')?.endpoints[0]?.localPort
  expect(config.build.devUrl, 'apps/desktop/src-tauri/tauri.conf.json: build.devUrl').toBe(`http://localhost:${port}`)
})

test('the page in the window may do nothing on the machine', () => {
  expect(config.app.security.capabilities).toEqual(['default'])
  const capability = z.looseObject({ permissions: z.array(z.unknown()) }).parse(read('capabilities/default.json'))
  expect(capability.permissions).toEqual([])
})

test('no script of the opener plugin takes links for itself, by a command that the page may not call', () => {
  expect(readFileSync(path.join(folder, 'src/lib.rs'), 'utf8')).toContain('.open_js_links_on_click(false)')
})

test('its content security policy lets no foreign code in', () => {
  const { csp } = config.app.security
  expect(csp).toMatchObject({ 'default-src': "'self'", 'object-src': "'none'", 'base-uri': "'none'" })
  expect(JSON.stringify(csp)).not.toMatch(/unsafe-(inline|eval)/)
})

test('its version is that of the package, and every icon is there', () => {
  const { version } = JSON.parse(readFileSync(path.join(folder, '../package.json'), 'utf8'))
  expect(config.version).toBe(version)
  expect(readFileSync(path.join(folder, 'Cargo.toml'), 'utf8')).toContain(`\nversion = "${version}"\n`)
  expect(config.bundle.icon.filter((file) => !existsSync(path.join(folder, file)))).toEqual([])
})

test('the Rust that the commands ask for is the one that the program is declared to need', () => {
  const [, declared] = readFileSync(path.join(folder, 'Cargo.toml'), 'utf8').match(/^rust-version = "(.*)"$/m) ?? []
  expect(declared, 'apps/desktop/src-tauri/Cargo.toml: rust-version').toBe(MINIMUM_RUST)
})
