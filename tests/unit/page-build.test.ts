import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { until } from '@nebula/stack/system/until'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { repository } from '../lib/checkout.ts'
import { findChromium } from '../lib/chromium.ts'
import { launch } from '../lib/page.ts'

const DESKTOP = path.join(repository, 'apps/desktop')
const BUDGET_BYTES = 150_000
const START_DEADLINE_MS = 30_000

let built: string

beforeAll(async () => {
  built = mkdtempSync(path.join(tmpdir(), 'nebula-page-'))
  const [exitCode] = await once(vite(['build', '--outDir', built, '--logLevel', 'error']), 'close')
  expect(exitCode).toBe(0)
})
afterAll(() => rmSync(built, { recursive: true, force: true }))

function vite(args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  const argv = [path.join(DESKTOP, 'node_modules/vite/bin/vite.js'), ...args]
  return spawn(process.execPath, argv, {
    cwd: DESKTOP,
    env: { ...process.env, NODE_ENV: 'production', ...env },
    stdio: 'ignore',
  })
}

const read = (file: string) => readFileSync(path.join(built, file), 'utf8')

test('what the page loads at first is small', () => {
  const scripts = [...read('index.html').matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map(([, file = '']) => file)
  expect(scripts.length).toBeGreaterThan(0)
  const bytes = scripts.reduce((total, file) => total + gzipSync(read(file)).length, 0)
  expect(bytes).toBeLessThan(BUDGET_BYTES)
})

test('the page comes from its own files alone', () => {
  const html = read('index.html')
  expect(html).not.toMatch(/<script(?![^>]* src=)|<style|style="|(?:src|href)="(?!\/)/)
  for (const file of globSync('assets/*.css', { cwd: built })) expect(read(file)).not.toMatch(/@import|url\((?!data:)/)
})

test.skipIf(!findChromium())('a strict content security policy has nothing to complain about', async () => {
  const free = createServer().listen(0, '127.0.0.1')
  await once(free, 'listening')
  const { port } = free.address() as { port: number } // a TCP server has no other kind of address
  await new Promise((resolve) => free.close(resolve))
  const preview = vite(['preview', '--outDir', built], { PORT: String(port) })
  onTestFinished(() => void preview.kill())
  const url = `http://localhost:${port}`
  const answers = async () => (await fetch(url).catch(() => null))?.headers.has('content-security-policy') ?? false
  expect(await until(answers, { deadlineMs: START_DEADLINE_MS })).toBe(true)

  const browser = await launch(findChromium() ?? '')
  onTestFinished(() => browser.close())
  const page = await browser.newPage()
  const complaints: string[] = []
  page.on('console', (message) => void complaints.push(message.text()))
  await page.goto(url)
  await page.getByRole('button', { name: 'New run' }).click()
  await page.getByRole('button', { name: 'Start run' }).click()
  await page.getByText('give the run a title').waitFor()
  // Without a stack, there is no backend to reach.
  expect(complaints.filter((text) => /content.security|script-src|style-src|refused/i.test(text))).toEqual([])
})
