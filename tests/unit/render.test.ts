import path from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { loadCatalogue } from '@nebula/stack/catalogue/load'
import type { StackEvent } from '@nebula/stack/driver/events'
import { SERVICE_STATES } from '@nebula/stack/driver/serviceStatus'
import { describe, expect, it } from 'vitest'
import { plainRenderer } from '../../scripts/lib/render/plain.ts'
import { fit, fold, formatMs, stateMark, stepMark } from '../../scripts/lib/render/words.ts'
import { repository } from '../lib/checkout.ts'

const catalogue = await loadCatalogue(path.join(repository, 'infra/stack.yaml'))

function printed(...events: StackEvent[]): readonly string[] {
  const lines: string[] = []
  const renderer = plainRenderer(catalogue, (line) => void lines.push(stripVTControlCharacters(line)))
  for (const event of events) renderer.onEvent(event)
  renderer.stop()
  return lines
}

describe('a log', () => {
  it('says which mode was chosen, and why', () => {
    expect(printed({ type: 'mode', mode: 'embedded', reason: 'no Docker' })).toEqual(['embedded mode: no Docker'])
  })

  it('has a line for what a step does, with the time once it is done, and none for its start', () => {
    const step = { type: 'step', id: 'images', message: 'all there' } as const
    expect(
      printed(
        { ...step, state: 'started' },
        { ...step, state: 'progress', ms: 50 },
        { ...step, state: 'done', ms: 12_000 },
        { ...step, state: 'done', ms: 0 },
        { ...step, state: 'done' },
        { ...step, state: 'warning', ms: 70 },
      ),
    ).toEqual([
      '· images: all there',
      '✓ images: all there (12 s)',
      '✓ images: all there (0 ms)',
      '✓ images: all there',
      '! images: all there',
    ])
  })

  it('has what is known of a service on its line', () => {
    const service = (status: { id: string; reason?: string; standIn?: string }) =>
      ({ type: 'service', status: { state: 'healthy', ...status }, ms: 500 }) as const
    expect(
      printed(
        service({ id: 'temporal-ui' }),
        service({ id: 'elsewhere', reason: 'of old' }),
        service({ id: 'temporal-ui', standIn: 'ours 1.0' }),
        service({ id: 'temporal-ui', reason: 'of old', standIn: 'ours 1.0' }),
      ),
    ).toEqual([
      '✓ Temporal UI: healthy at 0.5 s',
      '✓ elsewhere: healthy (of old) at 0.5 s',
      '✓ Temporal UI: healthy (stand-in: ours 1.0) at 0.5 s',
      '✓ Temporal UI: healthy (of old; stand-in: ours 1.0) at 0.5 s',
    ])
  })
})

it.each([
  [0, '0 ms'],
  [1.4, '1 ms'],
  [99.4, '99 ms'],
  [100, '0.1 s'],
  [440, '0.4 s'],
  [9_949, '9.9 s'],
  [9_950, '10 s'],
  [12_400, '12 s'],
  [59_499, '59 s'],
  [59_500, '1 min 0 s'],
  [125_000, '2 min 5 s'],
  [3_600_000, '60 min 0 s'],
])('%d milliseconds are %s', (ms, text) => {
  expect(formatMs(ms)).toBe(text)
})

it('a step and a service have the same sign for the same end', () => {
  const plain = (text: string) => stripVTControlCharacters(text)
  expect((['started', 'progress', 'done', 'warning'] as const).map(stepMark).map(plain)).toEqual(['·', '·', '✓', '!'])
  const marks = Object.fromEntries(SERVICE_STATES.map((state) => [state, plain(stateMark(state))]))
  expect(marks).toEqual({
    waiting: '·',
    building: '◌',
    starting: '◌',
    healthy: '✓',
    completed: '✓',
    failed: '✗',
    stopped: '○',
    unknown: '?',
  })
})

it('a text that does not fit is cut, with a sign that it was', () => {
  expect(fit('four', 4)).toBe('four')
  expect(fit('fours', 4)).toBe('fou…')
  expect(fit('fours', 1)).toBe('…')
  expect(fit('fours', 0)).toBe('…')
  expect(fit('fours', -3)).toBe('…')
})

it('a line is filled to the last column', () => {
  expect(fold('one two', 7)).toEqual(['one two'])
  expect(fold('one two', 6)).toEqual(['one', 'two'])
})
