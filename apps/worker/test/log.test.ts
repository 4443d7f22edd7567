import { expect, test } from 'vitest'
import { createLog, type LogLevel, messageOf } from '../src/log.ts'

function lines(level: LogLevel) {
  const written: string[] = []
  return { log: createLog({ write: (text) => written.push(text) }, level), written }
}

test('a line has time, level, message and fields', () => {
  const { log, written } = lines('info')
  log.info('run started', { runId: 'r 1', attempt: 2, missing: undefined })
  expect(written).toEqual([expect.stringMatching(/^\d{4}-\S+Z info {2}run started runId="r 1" attempt=2\n$/)])
})

test('what is below the level is not written', () => {
  const { log, written } = lines('warn')
  log.debug('a')
  log.info('b')
  log.warn('c')
  log.error('d')
  expect(written).toHaveLength(2)
})

test('an error says why, not only that', () => {
  const error = new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') })
  expect(messageOf(error)).toBe('fetch failed: connect ECONNREFUSED')
  expect(messageOf('plain')).toBe('plain')
})
