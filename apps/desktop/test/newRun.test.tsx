// @vitest-environment happy-dom
import { api } from '@nebula/convex/api'
import { screen, within } from '@testing-library/react'
import { ConvexError } from 'convex/values'
import { expect, test } from 'vitest'
import { FakeConvex } from './fakeConvex.ts'
import { page, run } from './fixtures.ts'
import { renderApp } from './renderApp.tsx'

async function openForm(answer: () => unknown = () => 'run1') {
  const convex = new FakeConvex()
  convex.answer(api.runs.list, () => page(run()))
  convex.answer(api.runs.create, answer)
  const user = renderApp(convex)
  await user.click(screen.getByRole('button', { name: 'New run' }))
  return { convex, user, form: within(screen.getByRole('dialog', { name: 'New run' })) }
}

test('what is typed is what is started', async () => {
  const { convex, user, form } = await openForm()
  await user.type(form.getByLabelText('Title'), ' Report ')
  await user.type(form.getByLabelText('Label'), 'Collect')
  await user.clear(form.getByLabelText('Seconds'))
  await user.type(form.getByLabelText('Seconds'), '0.3')
  await user.click(form.getByRole('button', { name: 'Add a step' }))
  await user.type(form.getAllByLabelText('Label')[1] ?? form.getByRole('none'), 'Send')
  await user.click(form.getByRole('button', { name: 'Start run' }))
  expect(convex.called).toEqual([
    {
      name: 'runs:create',
      args: {
        title: 'Report',
        steps: [
          { label: 'Collect', durationMs: 300, failures: 0 },
          { label: 'Send', durationMs: 1_000, failures: 0 },
        ],
      },
    },
  ])
  expect(screen.queryByRole('dialog')).toBeNull()
})

test('a preset fills the form in', async () => {
  const { convex, user, form } = await openForm()
  await user.click(form.getByRole('button', { name: 'Flaky import' }))
  expect(form.getAllByRole('group', { name: /^Step/ })).toHaveLength(3)
  await user.click(form.getByRole('button', { name: 'Remove step 2' }))
  await user.click(form.getByRole('button', { name: 'Start run' }))
  expect(convex.called).toMatchObject([
    { args: { title: 'Flaky import', steps: [{ label: 'Download' }, { label: 'Store' }] } },
  ])
})

test('nothing is sent before it is right; each field says what it needs', async () => {
  const { convex, user, form } = await openForm()
  expect(form.queryByText('give the run a title')).toBeNull()
  await user.clear(form.getByLabelText('Seconds'))
  await user.clear(form.getByLabelText('Fails first'))
  await user.type(form.getByLabelText('Fails first'), '6')
  await user.click(form.getByRole('button', { name: 'Start run' }))
  expect(convex.called).toEqual([])
  const title = form.getByLabelText('Title')
  expect(title.getAttribute('aria-invalid')).toBe('true')
  expect(document.getElementById(title.getAttribute('aria-describedby') ?? '')?.textContent).toBe(
    'give the run a title',
  )
  expect(form.getByText('a number')).toBeTruthy()
  expect(form.getByText('at most 5')).toBeTruthy()
  await user.type(title, 'R')
  expect(form.queryByText('give the run a title')).toBeNull()
})

test('a run that is refused brings the form back with what was typed', async () => {
  const { user, form } = await openForm(() => {
    throw new ConvexError({ code: 'INVALID', message: 'not today' })
  })
  await user.click(form.getByRole('button', { name: 'Quick check' }))
  await user.click(form.getByRole('button', { name: 'Start run' }))
  const again = within(await screen.findByRole('dialog', { name: 'New run' }))
  expect(again.getByRole('alert').textContent).toBe('The run was not started: not today')
  expect(again.getByLabelText('Title').getAttribute('value')).toBe('Quick check')
})
