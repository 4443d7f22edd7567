import { cleanup, render } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { ConvexProvider } from 'convex/react'
import { onTestFinished } from 'vitest'
import { App } from '../src/app/App.tsx'
import { SettingsContext } from '../src/stack/SettingsContext.ts'
import { readSettings } from '../src/stack/settings.ts'
import type { FakeConvex } from './fakeConvex.ts'

const settings = {
  ...readSettings({}, { desktop: 1, temporalUi: 2 }, { origin: 'http://localhost:1', hostname: 'localhost' }),
  servicesUrl: null,
}

/** The whole page on a fake backend, at an address; it is gone when the test is over. */
export function renderApp(convex: FakeConvex, hash = '') {
  window.location.hash = hash
  onTestFinished(() => {
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
