import { expect, onTestFinished, test } from 'vitest'
import { BackendSwitch } from './page.ts'
import { BACK_DEADLINE_MS, type PageTarget, pageWindows, RUN_DEADLINE_MS } from './pageWindows.ts'

/** What a person does with the page, in a real browser, in every mode. Call it in a file whose stack is up. */
export function pageTests(target: () => PageTarget): void {
  const { open, titled, ended } = pageWindows(target)

  test('a run started in the form is followed live to its end', async () => {
    const page = await open()
    await page.start('Flaky import', titled('Import'))
    await page.row(titled('Import')).waitFor()
    await page.select(titled('Import'))
    await page.step('Download').getByText('Retrying').waitFor({ timeout: RUN_DEADLINE_MS })
    await ended(page, titled('Import'), 'Completed')
    await page.step('Download').getByText('attempt 3/5').waitFor()
    await page.step('Store').getByText('Completed').waitFor()
    expect(await page.detail.getByRole('button').count()).toBe(0)
    const workflow = await page.detail.getByRole('link', { name: /Temporal/ }).getAttribute('href')
    expect(workflow).toMatch(/^http:\/\/localhost:\d+\/namespaces\/default\/workflows\/[^/]+\/[^/]+\/history$/)
    expect(page.complaints).toEqual([])
  })

  test('a run under way is cancelled', async () => {
    const page = await open()
    await page.start('Nightly report', titled('Report'))
    // Where the form was opened from.
    await page.page.getByRole('button', { name: 'New run' }).and(page.page.locator(':focus')).waitFor()
    await page.row(titled('Report')).getByText('Running').waitFor({ timeout: RUN_DEADLINE_MS })
    await page.select(titled('Report'))
    await page.detail.getByRole('button', { name: 'Cancel' }).click()
    await ended(page, titled('Report'), 'Cancelled')
    await page.detail.getByRole('button', { name: 'Retry' }).waitFor()
  })

  test('a run that failed says why, and is tried again as another run', async () => {
    const page = await open()
    await page.start('Doomed deployment', titled('Deployment'))
    await ended(page, titled('Deployment'), 'Failed')
    await page.select(titled('Deployment'))
    await page.step('Roll out').getByText('attempt 5/5').waitFor()
    const failed = page.page.url()
    await page.detail.getByRole('button', { name: 'Retry' }).click()
    const back = page.detail.getByRole('link', { name: failed.split('/').at(-1) ?? '' })
    await back.waitFor()
    expect(page.page.url()).not.toBe(failed)
    await ended(page, titled('Deployment'), 'Failed')
    await back.click()
    await page.detail.getByRole('link', { name: 'Go to its retry' }).waitFor()
  })

  test('two windows show the same', async () => {
    const [here, there] = [await open(), await open()]
    await here.start('Quick check', titled('Shared'))
    await there.row(titled('Shared')).waitFor()
    await Promise.all([here, there].map((page) => ended(page, titled('Shared'), 'Completed')))
  })

  test('what is not filled in is said where it is missing', async () => {
    const { page } = await open()
    await page.getByRole('button', { name: 'New run' }).click()
    const form = page.getByRole('dialog')
    await form.getByLabel('Seconds').fill('61')
    await form.getByRole('button', { name: 'Start run' }).click()
    await form.getByText('give the run a title').waitFor()
    await form.getByText('give the step a name').waitFor()
    await form.getByText('at most a minute').waitFor()
    await form.getByLabel('Title').and(page.locator(':focus')).waitFor()
  })

  test('everything goes by keyboard', async () => {
    const { page, ...rest } = await open()
    expect(rest.complaints).toEqual([])
    const press = async (...keys: string[]) => {
      for (const key of keys) await page.keyboard.press(key)
    }
    // The title of the page, then the button.
    await press('Tab', 'Tab', 'Enter')
    const form = page.getByRole('dialog')
    await form.waitFor()
    await form.getByLabel('Title').focus()
    await page.keyboard.type(titled('Typed'))
    await press('Tab')
    await page.keyboard.type('Only step')
    await press('Enter')
    await form.waitFor({ state: 'hidden' })
    const list = page.getByRole('list', { name: /Runs/ })
    await list.getByRole('link', { name: titled('Typed') }).focus()
    await press('ArrowDown', 'Enter')
    await page.getByRole('region', { name: 'Selected run' }).getByRole('heading', { level: 2 }).waitFor()
    expect(await list.locator('[aria-current]').textContent()).not.toBe(titled('Typed'))
  })

  test('a page whose backend goes away says so, keeps what was asked for, and recovers', async () => {
    const backend = new BackendSwitch()
    const page = await open({ prepare: backend.install })
    onTestFinished(() => backend.giveBack())
    await backend.takeAway()
    await page.reconnecting.waitFor()
    await page.start('Quick check', titled('Offline'))
    await page.row(titled('Offline')).getByText('Queued').waitFor()
    await page.reconnecting.getByText('1 change will be sent').waitFor()
    await page.screenshot(target().screenshots, 'reconnecting-light-wide')
    backend.giveBack()
    await page.reconnecting.waitFor({ state: 'hidden', timeout: BACK_DEADLINE_MS })
    await ended(page, titled('Offline'), 'Completed')
  })

  test('two windows recover from a backend that is killed and started again', async () => {
    const [here, there] = [await open(), await open()]
    const disconnected = [here, there].map((page) => page.disconnected())
    target().killBackend()
    await Promise.all(disconnected)
    await here.start('Quick check', titled('Survivor'))
    await Promise.all([here, there].map((page) => page.live.waitFor({ timeout: BACK_DEADLINE_MS })))
    await there.row(titled('Survivor')).waitFor({ timeout: BACK_DEADLINE_MS })
    await Promise.all([here, there].map((page) => ended(page, titled('Survivor'), 'Completed')))
  })

  test('the status bar tells how the services are, and what is a stand-in', async () => {
    const { page } = await open()
    const services = page.getByRole('list', { name: 'Services' }).getByRole('listitem')
    await services.filter({ hasText: /^Worker.*healthy$/ }).waitFor()
    await services
      .filter({ hasText: /^Temporal.*healthy$/ })
      .first()
      .waitFor()
    expect(await services.filter({ hasText: 'down' }).allTextContents()).toEqual([])
    const convex = await services.filter({ hasText: /^Convex \(/ }).textContent()
    expect(convex?.includes('stand-in')).toBe(target().convexIsStandIn)
  })

  test('nothing moves while a run goes on', async () => {
    const page = await open()
    await page.start('Quick check', titled('Still'))
    await page.select(titled('Still'))
    await page.page.evaluate(OBSERVE_SHIFTS)
    await ended(page, titled('Still'), 'Completed')
    expect(await page.page.evaluate('globalThis.shifts')).toEqual([])
  })
}

/** Collects what moves without a person having done anything, as the browser sees it. */
const OBSERVE_SHIFTS = `
  globalThis.shifts = []
  new PerformanceObserver((list) => {
    for (const shift of list.getEntries()) {
      if (!shift.hadRecentInput) shifts.push(shift.sources.map((source) => source.node?.textContent ?? ''))
    }
  }).observe({ type: 'layout-shift', buffered: false })
`
