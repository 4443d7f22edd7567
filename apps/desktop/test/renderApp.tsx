import { cleanup, render } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { ConvexProvider } from 'convex/react'
import { onTestFinished, vi } from 'vitest'
import { App } from '../src/app/App.tsx'
import { SettingsContext } from '../src/stack/SettingsContext.ts'
import { readSettings } from '../src/stack/settings.ts'
import type { FakeConvex } from './fakeConvex.ts'
import { stack } from './fixtures.ts'

const settings = readSettings({}, stack, { origin: 'http://127.0.0.1:9', hostname: 'localhost' })

/** The whole page on a fake backend, at an address; it is gone when the test is over. */
export function renderApp(convex: FakeConvex, hash = '') {
  window.location.hash = hash
  // Nobody answers: what the status bar shows has tests of its own.
  vi.stubGlobal('fetch', async () => Response.error())
  onTestFinished(() => {
    vi.unstubAllGlobals()
    cleanup()
    window.location.hash = ''
  })
  render(
    <SettingsContext value={settings}>
      <ConvexProvider client={convex.client}>
        <App />
      </ConvexProvider>
    </SettingsContext>,
  )
  return userEvent.setup()
}
