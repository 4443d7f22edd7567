import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { type Browser, chromium, type Locator, type Page, type WebSocket } from 'playwright-core'

const OPEN_DEADLINE_MS = 60_000
/** A browser that finds the machine's networks changed drops what it was loading. */
const OPEN_TRIES = 5

export const THEMES = ['light', 'dark'] as const

/** Where Convex' client talks to its backend. */
const SYNC = /\/api\/[^/]+\/sync$/

/** Sizes that the page is looked at in. */
export const SIZES = {
  phone: { width: 360, height: 740 },
  tablet: { width: 820, height: 1000 },
  wide: { width: 1440, height: 900 },
} as const

export interface WindowOptions {
  readonly theme?: (typeof THEMES)[number]
  readonly size?: keyof typeof SIZES
  /** Called with the page before it loads anything. */
  readonly prepare?: (page: Page) => Promise<void>
}

/**
 * Starts a browser without a window. Root may not use its sandbox.
 * @param more options of the browser's.
 */
export async function launch(executablePath: string, more: readonly string[] = []): Promise<Browser> {
  const args = [...more, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])]
  return await chromium.launch({ executablePath, args })
}

/** The page in a window of its own, driven the way a person does it: by what stands on it. */
export class RunsPage {
  readonly page: Page
  /** What the browser complained about: errors of the console, exceptions that nobody caught. */
  readonly complaints: readonly string[]
  #socket: WebSocket | undefined

  private constructor(page: Page, complaints: readonly string[]) {
    this.page = page
    this.complaints = complaints
    page.on('websocket', (socket) => {
      if (SYNC.test(socket.url())) this.#socket = socket
    })
  }

  /** Opens the page and waits until it is live and shows what there is. */
  static async open(browser: Browser, url: string, options: WindowOptions = {}): Promise<RunsPage> {
    const { theme = 'light', size = 'wide' } = options
    const context = await browser.newContext({ colorScheme: theme, viewport: SIZES[size] })
    const page = await context.newPage()
    await options.prepare?.(page)
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())))
    const opened = new RunsPage(page, complaints)
    for (let tries = 1; ; tries += 1) {
      complaints.length = 0
      try {
        await page.goto(url)
        await opened.live.waitFor({ timeout: OPEN_DEADLINE_MS / OPEN_TRIES })
        await page.getByText('Loading runs…').waitFor({ state: 'hidden', timeout: OPEN_DEADLINE_MS / OPEN_TRIES })
        return opened
      } catch (error) {
        if (tries === OPEN_TRIES)
          throw new Error(`${url} did not become live: ${complaints.join('; ')}`, { cause: error })
      }
    }
  }

  async close(): Promise<void> {
    await this.page.context().close()
  }

  /** In the status bar: what is shown is what the backend has now. */
  get live(): Locator {
    return this.page.getByRole('contentinfo').getByText('Live', { exact: true })
  }

  /** Over the page: it is not. */
  get reconnecting(): Locator {
    return this.page.getByRole('status').filter({ hasText: 'Reconnecting…' })
  }

  /** Waits until the connection to the backend that there is now has ended, however soon there is another. */
  async disconnected(): Promise<void> {
    if (this.#socket && !this.#socket.isClosed()) await this.#socket.waitForEvent('close')
  }

  /** The newest run of this title in the list. */
  row(title: string): Locator {
    return this.page.getByRole('region', { name: 'Runs' }).getByRole('listitem').filter({ hasText: title }).first()
  }

  /** The run that is looked at. */
  get detail(): Locator {
    return this.page.getByRole('region', { name: 'Selected run' })
  }

  /** A step of the run that is looked at. */
  step(label: string): Locator {
    const name = this.page.getByText(label, { exact: true })
    return this.detail.getByRole('listitem').filter({ has: name })
  }

  /** Starts a run in the form, from a preset under a title of its own. */
  async start(preset: string, title: string): Promise<void> {
    await this.page.getByRole('button', { name: 'New run' }).click()
    const form = this.page.getByRole('dialog', { name: 'New run' })
    await form.getByRole('button', { name: preset }).click()
    await form.getByLabel('Title').fill(title)
    await form.getByRole('button', { name: 'Start run' }).click()
    await form.waitFor({ state: 'hidden' })
  }

  /** Opens a run from the list, once the backend knows of it. */
  async select(title: string): Promise<void> {
    await this.row(title).getByRole('link').click()
    await this.detail.getByRole('heading', { name: title }).waitFor()
  }

  /** Everything that axe finds wrong with what is shown, as `rule: element`. */
  async violations(): Promise<string[]> {
    const { violations } = await new AxeBuilder({ page: this.page }).analyze()
    return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`))
  }

  /** How many pixels the page is wider than its window. */
  async overflow(): Promise<number> {
    return await this.page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
  }

  async screenshot(folder: string, name: string): Promise<void> {
    mkdirSync(folder, { recursive: true })
    await this.page.screenshot({ path: path.join(folder, `${name}.png`), animations: 'disabled' })
  }
}

/** Stands between a page and its backend, and can take it away: what a page sees of a backend that is gone. */
export class BackendSwitch {
  #away = false
  readonly #sockets = new Set<{ close(): Promise<void> }>()

  /** To be given to `open` as `prepare`. */
  readonly install = async (page: Page): Promise<void> => {
    await page.routeWebSocket(SYNC, async (socket) => {
      if (this.#away) return await socket.close({ code: 1001 })
      this.#sockets.add(socket)
      socket.connectToServer()
    })
  }

  async takeAway(): Promise<void> {
    this.#away = true
    await Promise.all([...this.#sockets].map((socket) => socket.close()))
    this.#sockets.clear()
  }

  giveBack(): void {
    this.#away = false
  }
}
