import { expect, test } from 'vitest'
import { count, formatDuration, formatTime } from '../src/ui/format.ts'

test.each([
  [-5, '0 ms'],
  [999, '999 ms'],
  [1_000, '1.0 s'],
  [9_999, '9.9 s'],
  [59_999, '59 s'],
  [65_000, '1 min 05 s'],
  [3_599_999, '59 min 59 s'],
  [3_780_000, '1 h 03 min'],
])('%i milliseconds are %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text)
})

test('another day is said', () => {
  const today = Date.UTC(2026, 0, 5, 12)
  expect(formatTime(today, today)).not.toMatch(/5/)
  expect(formatTime(today, today + 48 * 3_600_000)).toMatch(/5/)
})

test('one of a kind is not plural', () => {
  expect([count(1, 'change'), count(0, 'change')]).toEqual(['1 change', '0 changes'])
})
