import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findChromium } from '../lib/chromium.ts'
import { launch, RunsPage } from '../lib/page.ts'
import { localPort, succeed } from './setup.ts'

const chromium = findChromium()
const RUN_DEADLINE_MS = 60_000

let browser: Browser | undefined

beforeAll(async () => {
  await succeed(['up', '--mode', 'cluster'])
  browser = chromium === undefined ? undefined : await launch(chromium)
})
afterAll(async () => await browser?.close())

test('up names the page, and a run started in its form is followed live to its end', async () => {
  const url = `http://localhost:${localPort('desktop', 'web')}`
  expect((await succeed(['up', '--mode', 'cluster'])).stdout).toContain(url)
  if (!browser) throw new Error('there is no Chromium: apt-get install chromium, or NEBULA_TEST_CHROMIUM')
  const page = await RunsPage.open(browser, url)
  await page.start('Quick check', 'From the form')
  await page.row('From the form').getByText('Completed').waitFor({ timeout: RUN_DEADLINE_MS })
  expect(page.complaints).toEqual([])
})
