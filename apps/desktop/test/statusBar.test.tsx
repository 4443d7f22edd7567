// @vitest-environment happy-dom
import { cleanup, render, screen, within } from '@testing-library/react'
import { afterEach, expect, test, vi } from 'vitest'
import { SettingsContext } from '../src/stack/SettingsContext.ts'
import type { ServiceHealth } from '../src/stack/services.ts'
import { type PageEnvironment, readSettings } from '../src/stack/settings.ts'
import { StatusBar } from '../src/statusBar/StatusBar.tsx'
import { stack } from './fixtures.ts'

afterEach(() => {
  cleanup()
  vi.unstubAllGlobals()
})

function renderBar(answer: (url: string) => Promise<Response>, env: PageEnvironment = {}) {
  vi.stubGlobal('fetch', answer)
  const location = { origin: 'http://localhost:1420', hostname: 'localhost' }
  render(
    <SettingsContext value={readSettings(env, stack, location)}>
      <StatusBar state="live" />
    </SettingsContext>,
  )
}

const worker: ServiceHealth = { id: 'worker', title: 'Worker', healthy: true }
const convex: ServiceHealth = {
  id: 'convex',
  title: 'Convex',
  healthy: true,
  standIn: 'convex-embedded 0.1.0',
  page: { port: 3210, path: '/version' },
}

test('every service is there, with its page; a stand-in is marked', async () => {
  renderBar(async () => Response.json({ services: [worker, convex] }))
  const [list] = await screen.findAllByRole('list', { name: 'Services' })
  const items = within(list ?? document.body).getAllByRole('listitem')
  expect(items.map((item) => item.textContent)).toEqual(['Workerhealthy', 'Convex (in a new tab)healthystand-in'])
  expect(items[1]?.title).toBe('Convex: healthy; convex-embedded 0.1.0 stands in for it')
  expect(
    within(list ?? document.body)
      .getByRole('link')
      .getAttribute('href'),
  ).toBe('http://localhost:3210/version')
  expect(screen.getByRole('button').textContent).toContain('All 2 healthy')
})

test('one that is down says so, and why', async () => {
  renderBar(async () =>
    Response.json({ services: [{ ...worker, healthy: false, detail: 'nothing listens there' }, convex] }),
  )
  expect((await screen.findAllByText('down')).length).toBeGreaterThan(0)
  expect(screen.getAllByTitle('Worker: nothing listens there').length).toBeGreaterThan(0)
  expect(screen.getByRole('button').textContent).toContain('1 of 2 healthy')
})

test.each([
  ['nobody answers', async () => await Promise.reject(new TypeError('fetch failed'))],
  ['something else answers', async () => Response.json({ hello: 'world' })],
])('%s: that is said, instead of what was', async (_, answer) => {
  renderBar(answer)
  expect(await screen.findByText('No answer about the services')).toBeTruthy()
})

test('a page that no dev server serves asks Convex and the worker themselves', async () => {
  const answers: Readonly<Record<string, Response>> = {
    'http://convex.test/version': new Response('', { headers: { 'Nebula-Stand-In': 'convex-embedded 0.1.0' } }),
    'http://127.0.0.1:8081/health': new Response('', { status: 503 }),
  }
  renderBar(async (url) => answers[url] ?? Response.error(), { VITE_CONVEX_URL: 'http://convex.test' })
  expect((await screen.findAllByTitle(/^Convex: healthy; convex-embedded/)).length).toBeGreaterThan(0)
  expect(screen.getAllByTitle('Worker: it answered 503').length).toBeGreaterThan(0)
})
