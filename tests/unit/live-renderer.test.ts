import path from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { loadCatalogue } from '@nebula/stack/catalogue/load'
import type { ServiceStatus } from '@nebula/stack/driver/serviceStatus'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { liveRenderer } from '../../scripts/lib/render/live.ts'
import type { Renderer } from '../../scripts/lib/render/renderer.ts'
import { repository } from '../lib/checkout.ts'

const { screens, done } = vi.hoisted(() => ({ screens: [] as string[], done: vi.fn() }))
// The real one writes only what has changed since the last frame.
vi.mock('log-update', () => ({
  createLogUpdate: () => Object.assign((text: string) => void screens.push(text), { done }),
}))

const all = await loadCatalogue(path.join(repository, 'infra/stack.yaml'))
const services = all.services
  .filter(({ id }) => id === 'postgres' || id === 'temporal-ui')
  .map((service) => ({ ...service, usualStartMs: 2_000 }))
const catalogue = { ...all, services }

let renderer: Renderer
beforeEach(() => {
  vi.useFakeTimers()
  screens.length = 0
  done.mockClear()
  renderer = start(80)
})
afterEach(() => {
  renderer.stop()
  vi.useRealTimers()
})

/** Only what the renderer uses of a terminal is there. */
const start = (columns: number) => liveRenderer(catalogue, { columns } as NodeJS.WriteStream)
const lines = () => stripVTControlCharacters(screens.at(-1) ?? '').split('\n')
const service = (status: Partial<ServiceStatus>) =>
  renderer.onEvent({ type: 'service', status: { id: 'postgres', state: 'starting', ...status }, ms: 0 })
const row = (mark: string, title: string, time: string, state: string, detail = '') =>
  `${mark} ${title.padEnd(20)} ${time.padStart(7)}  ${state.padEnd(9)} ${detail}`
const step = (mark: string, title: string, time: string, detail = '') =>
  `${mark} ${title.padEnd(20)} ${time.padStart(7)}  ${detail}`

test('the mode stands above, and there is nothing else at first', () => {
  renderer.onEvent({ type: 'mode', mode: 'embedded', reason: 'no Docker' })
  expect(lines()).toEqual(['embedded mode: no Docker'])
})

test('a step keeps its title, says what it does, and counts until it is done', () => {
  const event = { type: 'step', id: 'images' } as const
  // The first does not begin with the program.
  vi.advanceTimersByTime(1_200)
  renderer.onEvent({ ...event, state: 'started', message: 'Images' })
  expect(lines()).toEqual([step('⠋', 'Images', '0 ms')])
  vi.advanceTimersByTime(1_200)
  expect(lines()).toEqual([step('⠋', 'Images', '1.2 s')])
  vi.advanceTimersByTime(120)
  expect(lines()).toEqual([step('⠙', 'Images', '1.3 s')])
  renderer.onEvent({ ...event, state: 'progress', message: 'half of them', ms: 5 })
  expect(lines()).toEqual([step('⠙', 'Images', '1.3 s', 'half of them')])
  renderer.onEvent({ ...event, state: 'done', message: 'a'.repeat(49), ms: 2_000 })
  expect(lines()).toEqual([step('✓', 'Images', '2.0 s', `${'a'.repeat(47)}…`)])
  renderer.onEvent({ ...event, state: 'done', message: 'a'.repeat(48) })
  expect(lines()).toEqual([step('✓', 'Images', '0 ms', 'a'.repeat(48))])
})

test('every sign of work is shown in turn', () => {
  renderer.onEvent({ type: 'step', id: 'images', state: 'started', message: 'Images' })
  const signs = Array.from({ length: 11 }, () => {
    const [sign] = lines()[0] ?? ''
    vi.advanceTimersByTime(120)
    return sign
  })
  expect(signs.join('')).toBe('⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏⠋')
})

test('a step that says nothing of its start is called what it says first, and steps stay in their order', () => {
  renderer.onEvent({ type: 'step', id: 'a', state: 'done', message: 'first', ms: 50 })
  renderer.onEvent({ type: 'step', id: 'b', state: 'warning', message: `${'long '.repeat(20)}end` })
  renderer.onEvent({ type: 'step', id: 'a', state: 'done', message: 'again', ms: 60 })
  expect(lines()).toEqual([
    step('✓', 'first', '60 ms', 'again'),
    `! ${'long '.repeat(15).trimEnd()}`,
    `  ${'long '.repeat(5)}end`,
  ])
})

test('a step that starts again is called what it says then', () => {
  renderer.onEvent({ type: 'step', id: 'a', state: 'done', message: 'first', ms: 50 })
  renderer.onEvent({ type: 'step', id: 'a', state: 'started', message: 'second' })
  expect(lines()).toEqual([step('⠋', 'second', '0 ms')])
})

test('services stand below the steps in the order of the catalogue, also those of which nothing is known', () => {
  renderer.onEvent({ type: 'mode', mode: 'cluster', reason: 'Docker' })
  renderer.onEvent({ type: 'step', id: 'a', state: 'done', message: 'a', ms: 1 })
  service({ id: 'temporal-ui', state: 'healthy' })
  const [postgres, ui] = services
  expect(lines()).toEqual([
    'cluster mode: Docker',
    step('✓', 'a', '1 ms', 'a'),
    '',
    row('·', postgres?.title ?? '', '', 'waiting'),
    row('✓', ui?.title ?? '', '0 ms', 'healthy'),
  ])
})

const postgres = () => lines()[1] ?? ''

test('a service counts from when it no longer waits until it is green', () => {
  const title = services[0]?.title ?? ''
  service({ state: 'waiting', reason: 'for something' })
  vi.advanceTimersByTime(500)
  expect(postgres()).toBe(row('·', title, '', 'waiting', 'for something'))
  service({ state: 'building' })
  vi.advanceTimersByTime(1_200)
  expect(postgres()).toBe(row('⠼', title, '1.2 s', 'building'))
  service({ state: 'starting', standIn: 'x', reason: 'not yet' })
  vi.advanceTimersByTime(2_880)
  expect(postgres()).toBe(row('⠇', title, '4.1 s', 'starting', 'usually 2.0 s · not yet · stand-in: x'))
  service({ state: 'healthy' })
  vi.advanceTimersByTime(1_000)
  expect(postgres()).toBe(row('✓', title, '4.1 s', 'healthy'))
  service({ state: 'healthy', reason: 'still' })
  expect(postgres()).toBe(row('✓', title, '4.1 s', 'healthy', 'still'))
  service({ state: 'failed', reason: 'now' })
  expect(postgres()).toBe(row('✗', title, '5.1 s', 'failed', 'now'))
})

test('what takes twice as long as usual is said, and not a moment earlier, nor of what has ended', () => {
  service({})
  vi.advanceTimersByTime(4_000)
  service({})
  expect(postgres()).not.toContain('usually')
  vi.advanceTimersByTime(120)
  expect(postgres()).toContain('usually 2.0 s')
  service({ state: 'failed' })
  expect(postgres()).not.toContain('usually')
})

test('a reason with a hint stands on lines of its own, the hint whole', () => {
  service({ reason: 'r'.repeat(90), hint: 'h'.repeat(90) })
  expect(lines().slice(1, 4)).toEqual([
    row('⠋', services[0]?.title ?? '', '0 ms', 'starting'),
    `  ${'r'.repeat(77)}…`,
    `  → ${'h'.repeat(90)}`,
  ])
  service({ hint: 'h' })
  expect(lines()).toHaveLength(3)
})

test('what does not fit is cut', () => {
  service({ reason: 'r'.repeat(39) })
  expect(postgres().endsWith(` ${'r'.repeat(37)}…`)).toBe(true)
  service({ reason: 'r'.repeat(38) })
  expect(postgres().endsWith(` ${'r'.repeat(38)}`)).toBe(true)
  renderer.stop()
  renderer = start(50)
  service({ reason: 'r'.repeat(39) })
  expect(postgres().endsWith(` ${'r'.repeat(7)}…`)).toBe(true)
  renderer.stop()
  // A terminal that does not know its width.
  renderer = start(0)
  service({ reason: 'r'.repeat(39) })
  expect(postgres().endsWith(` ${'r'.repeat(37)}…`)).toBe(true)
})

test('at its end it shows what was given up, without hints, and draws no more', () => {
  renderer.onEvent({ type: 'step', id: 'a', state: 'started', message: 'a' })
  service({ reason: 'no', hint: 'help' })
  const before = screens.length
  renderer.stop()
  expect(screens).toHaveLength(before + 1)
  expect(lines()).toEqual([
    step('✗', 'a', '0 ms'),
    '',
    row('✗', services[0]?.title ?? '', '0 ms', 'starting'),
    row('·', services[1]?.title ?? '', '', 'waiting'),
  ])
  renderer.stop()
  service({ state: 'healthy' })
  vi.advanceTimersByTime(1_000)
  expect(screens).toHaveLength(before + 1)
  expect(done).toHaveBeenCalledTimes(1)
})
