import { expect, test } from 'vitest'
import { ExitCode } from '../../src/errors/exitCodes.ts'
import { NebulaError } from '../../src/errors/nebulaError.ts'

test('an error keeps what it was made with', () => {
  const cause = new Error('no space')
  const options = {
    code: 'DISK_FULL',
    hint: 'df',
    exitCode: ExitCode.Precondition,
    problems: [{ message: 'one' }],
    details: { free: 0 },
    cause,
  }
  const error = new NebulaError('the disk is full', options)
  expect(error).toBeInstanceOf(Error)
  expect({ ...error }).toEqual({ ...options, name: 'NebulaError', cause: undefined })
  expect([error.message, error.cause]).toEqual(['the disk is full', cause])
})

test('what it was not given it does not have, and it ends a process as failed', () => {
  const error = new NebulaError('no', { code: 'NO' })
  expect(Object.keys(error).sort()).toEqual(['code', 'exitCode', 'name'])
  expect(error.exitCode).toBe(1)
  expect('cause' in error).toBe(false)
})

test('every exit code is another number', () => {
  expect(ExitCode).toEqual({
    Green: 0,
    Failed: 1,
    Usage: 2,
    Precondition: 3,
    TimedOut: 4,
    ServiceFailed: 5,
    Interrupted: 130,
  })
})
