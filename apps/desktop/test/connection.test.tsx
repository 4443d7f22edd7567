// @vitest-environment happy-dom
import { api } from '@nebula/convex/api'
import { act, screen, within } from '@testing-library/react'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { FakeConvex } from './fakeConvex.ts'
import { page, run } from './fixtures.ts'
import { renderApp } from './renderApp.tsx'

const bar = () => within(screen.getByRole('contentinfo'))

beforeEach(() => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
})

function openPage(): FakeConvex {
  const convex = new FakeConvex()
  convex.answer(api.runs.list, () => page(run()))
  renderApp(convex)
  return convex
}

test('a connection that is back at once was never gone', () => {
  const convex = openPage()
  act(() => convex.connection({ isWebSocketConnected: false }))
  act(() => vi.advanceTimersByTime(1_000))
  expect(bar().getByText('Live')).toBeTruthy()
  act(() => convex.connection({}))
  act(() => vi.advanceTimersByTime(5_000))
  expect(bar().getByText('Live')).toBeTruthy()
})

test('a connection that stays away is said to be, with what waits to be sent; runs stay', () => {
  const convex = openPage()
  act(() => convex.connection({ isWebSocketConnected: false, inflightMutations: 2 }))
  act(() => vi.advanceTimersByTime(2_000))
  expect(bar().getByText('Reconnecting…')).toBeTruthy()
  expect(screen.getByText(/2 changes will be sent/)).toBeTruthy()
  expect(screen.getByText('Nightly report')).toBeTruthy()
  act(() => convex.connection({}))
  expect(bar().getByText('Live')).toBeTruthy()
  expect(screen.queryByText(/will be sent/)).toBeNull()
})

test('a page that never had a connection is connecting', () => {
  const convex = new FakeConvex()
  convex.connection({ isWebSocketConnected: false, hasEverConnected: false })
  renderApp(convex)
  expect(bar().getByText('Connecting…')).toBeTruthy()
  expect(screen.queryByText(/does not answer yet/)).toBeNull()
  act(() => vi.advanceTimersByTime(2_000))
  expect(screen.getByText(/does not answer yet/)).toBeTruthy()
  act(() => convex.connection({}))
  expect(bar().getByText('Live')).toBeTruthy()
})
