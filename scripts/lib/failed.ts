import { NebulaError } from '@nebula/stack/errors/nebulaError'
import type { ProcessOutput } from 'zx'

const LAST_LINES = 5

/** What a program that zx ran said last, as an error for a person: zx's own shows a line of our source. */
export function failed(what: string, { exitCode, signal, stderr, stdout }: ProcessOutput): NebulaError {
  const how = exitCode === null ? `was ended by ${signal}` : `failed with exit code ${exitCode}`
  const said = (stderr.trim() || stdout.trim()).split('\n').slice(-LAST_LINES).join('\n')
  return new NebulaError(`${what} ${how}${said ? `:\n${said}` : ''}`, { code: 'COMMAND_FAILED' })
}
