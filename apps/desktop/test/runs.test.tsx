// @vitest-environment happy-dom
import { api } from '@nebula/convex/api'
import { act, screen, within } from '@testing-library/react'
import { ConvexError } from 'convex/values'
import { expect, test, vi } from 'vitest'
import { FakeConvex } from './fakeConvex.ts'
import { page, run, step, withSteps } from './fixtures.ts'
import { renderApp } from './renderApp.tsx'

const list = () => within(screen.getByRole('list', { name: 'Runs, newest first' }))
const detail = () => within(screen.getByRole('region', { name: 'Selected run' }))

test('the list loads, then shows runs in the order of the backend, and follows it', () => {
  const convex = new FakeConvex()
  renderApp(convex)
  expect(screen.getByText('Loading runs…')).toBeTruthy()

  act(() =>
    convex.answer(api.runs.list, () => page(run({ id: 'b', title: 'Second' }), run({ id: 'a', title: 'First' }))),
  )
  expect(
    list()
      .getAllByRole('link')
      .map((link) => link.textContent),
  ).toEqual(['Second', 'First'])
  expect(list().getAllByText('Running')).toHaveLength(2)

  act(() => convex.answer(api.runs.list, () => page(run({ id: 'b', title: 'Second', status: 'completed' }))))
  expect(list().getByText('Completed')).toBeTruthy()
  expect(list().queryByText('First')).toBeNull()
})

test('a list without runs offers to start one', async () => {
  const convex = new FakeConvex()
  convex.answer(api.runs.list, () => page())
  const user = renderApp(convex)
  await user.click(screen.getByRole('button', { name: 'Start the first run' }))
  expect(screen.getByRole('dialog', { name: 'New run' })).toBeTruthy()
})

test('the next page is loaded on demand', async () => {
  const convex = new FakeConvex()
  const asked: unknown[] = []
  convex.answer(api.runs.list, ({ paginationOpts }) => {
    const { cursor } = paginationOpts as { cursor: string | null } // what usePaginatedQuery sends
    asked.push(cursor)
    return cursor === null
      ? { page: [run({ id: 'new', title: 'Newer' })], isDone: false, continueCursor: 'after-new' }
      : page(run({ id: 'old', title: 'Older' }))
  })
  const user = renderApp(convex)
  expect(list().queryByText('Older')).toBeNull()
  await user.click(screen.getByRole('button', { name: 'Load more' }))
  expect(
    list()
      .getAllByRole('link')
      .map((link) => link.textContent),
  ).toEqual(['Newer', 'Older'])
  expect(asked).toContain('after-new')
})

test('a list that cannot be had says why and is there again when it can be had', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  const convex = new FakeConvex()
  convex.answer(api.runs.list, () => new Error("Could not find public function for 'runs:list'"))
  const user = renderApp(convex)
  expect(screen.getByRole('alert').textContent).toContain('They are deployed when the stack starts')
  convex.answer(api.runs.list, () => page(run()))
  await user.click(screen.getByRole('button', { name: 'Try again' }))
  expect(list().getByText('Nightly report')).toBeTruthy()
})

test('arrow keys go from run to run', async () => {
  const convex = new FakeConvex()
  convex.answer(api.runs.list, () => page(...['c', 'b', 'a'].map((id) => run({ id, title: id }))))
  const user = renderApp(convex)
  list().getByRole('link', { name: 'c' }).focus()
  await user.keyboard('{ArrowDown}{ArrowDown}{ArrowDown}')
  expect(document.activeElement?.textContent).toBe('a')
  await user.keyboard('{Home}')
  expect(document.activeElement?.textContent).toBe('c')
})

test('a run shows its steps with attempts and errors, who works on it and its workflow', () => {
  const convex = new FakeConvex()
  convex.answer(api.runs.list, () => page(run()))
  convex.answer(api.runs.get, ({ runId }) =>
    runId === 'run1'
      ? withSteps(
          { temporalRunId: 'first' },
          step(0, { status: 'retrying', attempts: 2, startedAt: Date.now(), error: 'no luck' }),
          step(1, { failures: 3 }),
        )
      : null,
  )
  renderApp(convex, '#/runs/run1')
  expect(detail().getByRole('heading', { name: 'Nightly report' })).toBeTruthy()
  const [first, second] = detail().getAllByRole('listitem')
  expect(first?.textContent).toMatch(/Retrying.*attempt 2\/5.*Last error: no luck/)
  expect(second?.textContent).toMatch(/Pending.*2\.0 s of work, fails first 3 times/)
  expect(detail().getByText('worker-1')).toBeTruthy()
  expect(
    detail()
      .getByRole('link', { name: /Temporal/ })
      .getAttribute('href'),
  ).toBe('http://localhost:8080/namespaces/default/workflows/run1/first/history')
})

test('an id that nothing has is said to be one', () => {
  const convex = new FakeConvex()
  convex.answer(api.runs.list, () => page())
  convex.answer(api.runs.get, () => null)
  renderApp(convex, '#/runs/%zz')
  expect(detail().getByRole('heading', { name: 'There is no such run' })).toBeTruthy()
  expect(detail().getByText('%zz')).toBeTruthy()
})

test('a run under way can be cancelled, and says that it is being', async () => {
  const convex = new FakeConvex()
  convex.answer(api.runs.list, () => page(run()))
  convex.answer(api.runs.get, () => withSteps({}, step(0)))
  const user = renderApp(convex, '#/runs/run1')
  await user.click(detail().getByRole('button', { name: 'Cancel' }))
  expect(convex.called).toEqual([{ name: 'runs:cancel', args: { runId: 'run1' } }])
  act(() => convex.answer(api.runs.get, () => withSteps({ cancelRequested: true }, step(0))))
  expect(detail().getByText('Cancelling')).toBeTruthy()
  expect(detail().getByRole('button', { name: 'Cancelling…' }).hasAttribute('disabled')).toBe(true)
})

test('a retry leads to the new run; one that was retried leads there too', async () => {
  const convex = new FakeConvex()
  convex.answer(api.runs.list, () => page())
  convex.answer(api.runs.get, () => withSteps({ status: 'failed', error: 'no luck' }, step(0)))
  convex.answer(api.runs.retry, () => 'run2')
  const user = renderApp(convex, '#/runs/run1')
  expect(detail().queryByRole('button', { name: 'Cancel' })).toBeNull()
  await user.click(detail().getByRole('button', { name: 'Retry' }))
  await vi.waitFor(() => expect(window.location.hash).toBe('#/runs/run2'))

  const retriedAs = run({ id: 'run2' })._id
  act(() => convex.answer(api.runs.get, () => withSteps({ status: 'failed', retriedAs }, step(0))))
  expect(detail().getByRole('link', { name: 'Go to its retry' }).getAttribute('href')).toBe('#/runs/run2')
})

test('what the backend refuses is said', async () => {
  const convex = new FakeConvex()
  convex.answer(api.runs.list, () => page())
  convex.answer(api.runs.get, () => withSteps({ status: 'failed' }, step(0)))
  convex.answer(api.runs.retry, () => {
    throw new ConvexError({ code: 'NOT_RETRYABLE', message: 'the run is completed' })
  })
  const user = renderApp(convex, '#/runs/run1')
  await user.click(detail().getByRole('button', { name: 'Retry' }))
  expect((await detail().findByRole('alert')).textContent).toBe('the run is completed')
})
