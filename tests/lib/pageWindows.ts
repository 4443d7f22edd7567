import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { findChromium } from './chromium.ts'
import { launch, RunsPage, type WindowOptions } from './page.ts'

export const RUN_DEADLINE_MS = 60_000
/** The longest that the client waits between two tries to reach its backend, and some more. */
export const BACK_DEADLINE_MS = 60_000

/** The stack whose page is driven. */
export interface PageTarget {
  readonly url: string
  /** Folder that pictures of the page go to. */
  readonly screenshots: string
  readonly convexIsStandIn: boolean
  /** Ends the backend without a word; what runs it starts it again. */
  killBackend(): void
}

/** Windows for the tests of a file, in one browser; each is closed after the test that opened it. */
export function pageWindows(target: () => PageTarget) {
  let browser: Browser
  const opened: RunsPage[] = []
  beforeAll(async () => {
    const chromium = findChromium()
    if (chromium === undefined) throw new Error('no Chromium on the PATH, and NEBULA_TEST_CHROMIUM names none')
    browser = await launch(chromium)
  })
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((page) => page.close()))
  })
  afterAll(async () => await browser?.close())

  // Titles of one go of the tests: the stack may have runs already.
  const go = Date.now().toString(36)
  return {
    titled: (what: string) => `${what} ${go}`,
    async open(options?: WindowOptions): Promise<RunsPage> {
      const page = await RunsPage.open(browser, target().url, options)
      opened.push(page)
      return page
    },
    /** Waits until the list shows how the newest run of a title ended. */
    async ended(page: RunsPage, title: string, status: string): Promise<void> {
      await page.row(title).getByText(status).waitFor({ timeout: RUN_DEADLINE_MS })
    },
  }
}
