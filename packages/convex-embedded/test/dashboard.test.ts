import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { findChromium } from '../../../tests/lib/chromium.ts'
import { run } from '../../../tests/lib/nebula.ts'
import { launch } from '../../../tests/lib/page.ts'
import { type Dashboard, startDashboard } from '../src/dashboard/dashboard.ts'
import { httpClient } from './harness/clients.ts'
import { ADMIN_KEY, api } from './harness/fixture.ts'
import { useServer } from './harness/useServer.ts'

const chromium = findChromium()
const screenshots = process.env.NEBULA_TEST_SCREENSHOTS

test('the admin key in the page is for this machine: no other page reads it, by no other name either', async () => {
  const adminKey = 'fixture|secret'
  const options = { host: '127.0.0.1', port: 0, deploymentUrl: 'http://127.0.0.1:1', adminKey, log: () => {} }
  const dashboard = await startDashboard(options)
  onTestFinished(() => dashboard.close())
  const own = await fetch(dashboard.url, { headers: { origin: 'https://elsewhere.example' } })
  expect(own.headers.get('access-control-allow-origin')).toBeNull()
  expect(await own.text()).toContain(adminKey)
  const { port } = new URL(dashboard.url)
  const { stdout } = await run('.', ['curl', '--silent', '--header', `Host: elsewhere.example:${port}`, dashboard.url])
  expect(stdout).toContain('Convex stand-in')
  expect(stdout).not.toContain(adminKey)
})

test('the page talks to its deployment only, and stands in no frame', async () => {
  const dashboard = await startDashboard({
    host: '127.0.0.1',
    port: 0,
    deploymentUrl: 'http://127.0.0.1:1',
    log: () => {},
  })
  onTestFinished(() => dashboard.close())
  const policy = (await fetch(dashboard.url)).headers.get('content-security-policy') ?? ''
  expect(policy.split('; ')).toEqual(
    expect.arrayContaining([
      "default-src 'none'",
      'connect-src http://127.0.0.1:1 ws://127.0.0.1:1',
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'self'",
    ]),
  )
})

describe.skipIf(chromium === undefined)('the dashboard in Chromium', () => {
  const server = useServer()
  let dashboard: Dashboard
  let browser: Browser

  beforeAll(async () => {
    dashboard = await startDashboard({ host: '127.0.0.1', port: 0, deploymentUrl: server.url, log: () => {} })
    browser = await launch(chromium ?? '')
    for (const body of ['first', 'second', 'third'])
      await httpClient(server).mutation(api.messages.send, { channel: 'seen', body })
  })
  afterAll(async () => {
    await browser?.close()
    await dashboard?.close()
  })

  async function open(options: { key?: string; theme?: 'light' | 'dark'; width?: number } = {}): Promise<Page> {
    const { key = ADMIN_KEY, theme = 'light', width = 1200 } = options
    const context = await browser.newContext({ colorScheme: theme, viewport: { width, height: 800 } })
    onTestFinished(() => context.close())
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())))
    onTestFinished(() => void (key === ADMIN_KEY && expect(complaints).toEqual([])))
    await page.goto(dashboard.url)
    await page.getByLabel('Admin key').fill(key)
    await page.getByRole('button', { name: 'Log in' }).click()
    return page
  }
  const cellOf = (page: Page, text: string) => page.getByRole('cell', { name: text, exact: true })

  test('a wrong key opens nothing, and a right one is not asked for twice', async () => {
    const refused = await open({ key: 'fixture|00' })
    await refused.getByRole('alert').filter({ hasText: /./ }).waitFor()
    expect(await refused.getByRole('navigation').isVisible()).toBe(false)
    const page = await open()
    await page.getByRole('button', { name: /^messages/ }).waitFor()
    await page.reload()
    await page.getByRole('button', { name: /^messages/ }).waitFor()
    expect(page.url()).not.toContain('key')
  })

  test('a document that is added shows up by itself, and a filter finds it', async () => {
    const page = await open()
    await page.getByRole('button', { name: /^messages/ }).click()
    await cellOf(page, 'first').waitFor()
    await httpClient(server).mutation(api.messages.send, { channel: 'seen', body: 'added meanwhile' })
    await cellOf(page, 'added meanwhile').waitFor()
    await page.getByLabel('Where').selectOption('body')
    await page.getByLabel('holds', { exact: true }).fill('MEAN')
    await cellOf(page, 'first').waitFor({ state: 'detached' })
    expect(await cellOf(page, 'added meanwhile').count()).toBe(1)
    await page.getByLabel('holds', { exact: true }).fill('no such text')
    await page.getByText('nothing like that').waitFor()
  })

  test('a table of more than a page is turned over', async () => {
    const client = httpClient(server)
    await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        client.mutation(api.messages.send, { channel: 'many', body: `number ${index}` }, { skipQueue: true }),
      ),
    )
    const page = await open()
    await page.getByRole('button', { name: /^messages/ }).click()
    await page.getByText('1–50').waitFor()
    await page.getByRole('button', { name: 'Older' }).click()
    await cellOf(page, 'first').waitFor()
    await page.getByRole('button', { name: 'Newer' }).click()
    await page.getByText('1–50').waitFor()
  })

  test('functions are run, and what they return or throw is shown; the log has the calls', async () => {
    const page = await open()
    await page.getByRole('button', { name: 'Functions' }).click()
    await page.getByLabel('Function', { exact: true }).selectOption('messages:increment')
    await page.getByLabel('Arguments as JSON').fill('{ "name": "by hand" }')
    await page.getByRole('button', { name: 'Run', exact: true }).click()
    await page.locator('#result').filter({ hasText: /^1$/ }).waitFor()
    await page.getByLabel('Function', { exact: true }).selectOption('messages:fail')
    await page.getByLabel('Arguments as JSON').fill('{ "kind": "plain" }')
    await page.getByRole('button', { name: 'Run', exact: true }).click()
    await page.locator('#result.error').filter({ hasText: 'boom' }).waitFor()
    await page.getByRole('button', { name: 'Logs' }).click()
    await page.getByLabel('Only those that hold').fill('increment')
    await page.locator('#log > div:visible').filter({ hasText: 'messages' }).first().waitFor()
    expect(await page.locator('#log > div:visible').filter({ hasNotText: 'increment' }).count()).toBe(0)
  })

  test.each([
    ['light', 1200],
    ['dark', 1200],
    ['light', 360],
    ['dark', 360],
  ] as const)('axe finds nothing in the %s theme at %i px, and nothing is cut off', async (theme, width) => {
    const page = await open({ theme, width })
    await cellOf(page, '_id')
      .or(page.getByRole('columnheader', { name: '_id' }))
      .first()
      .waitFor()
    for (const view of ['messages', 'Functions', 'Logs']) {
      await page.getByRole('button', { name: new RegExp(`^${view}`) }).click()
      if (view === 'messages') await cellOf(page, 'many').first().waitFor()
      if (screenshots) await page.screenshot({ path: `${screenshots}/dashboard-${view}-${theme}-${width}.png` })
      const { violations } = await new AxeBuilder({ page }).analyze()
      expect(violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`))).toEqual([])
      expect(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')).toBe(0)
    }
  })
})
