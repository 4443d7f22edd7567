import { expect, test } from 'vitest'
import { readSettings } from '../src/stack/settings.ts'
import { stack } from './fixtures.ts'

const here = (href: string) => readSettings({}, stack, new URL(href))

test('the page talks to the origin that it came from', () => {
  expect(here('http://localhost:1420')).toMatchObject({
    convexUrl: 'http://localhost:1420/_stack/convex',
    services: { kind: 'devServer', url: 'http://localhost:1420/_stack/services' },
  })
})

test('a page served from its own files talks to the deployment that it was built for', () => {
  const env = { VITE_CONVEX_URL: 'http://127.0.0.1:3210/', VITE_TEMPORAL_UI_URL: 'http://temporal.test/' }
  const settings = readSettings(env, stack, { origin: 'tauri://localhost', hostname: 'localhost' })
  expect(settings).toMatchObject({
    convexUrl: 'http://127.0.0.1:3210',
    services: {
      kind: 'services',
      asked: [{ url: 'http://127.0.0.1:3210/version' }, { url: 'http://127.0.0.1:8081/health' }],
    },
  })
  expect(settings.workflowUrl('run', 'first')).toBe(
    'http://temporal.test/namespaces/default/workflows/run/first/history',
  )
})

test.each([
  ['http://localhost:1420', 'http://localhost:8080'],
  ['http://127.0.0.1:1420', 'http://localhost:8080'],
  ['https://fuzzy-lamp-x5-1420.app.github.dev', 'https://fuzzy-lamp-x5-8080.app.github.dev'],
  ['https://my-page-2.example.org', 'http://localhost:8080'],
])('from %s, Temporal is at %s', (page, temporal) => {
  expect(here(page).workflowUrl('a/b', undefined)).toBe(`${temporal}/namespaces/default/workflows/a%2Fb`)
})
