import { NebulaError } from '@nebula/stack/errors'
import { ExitCode } from '@nebula/stack/exitCodes'

/** The error of a command that has its name already and nothing behind it. */
export function notYet(what: string): NebulaError {
  return new NebulaError(`${what} is not part of this version yet`, { code: 'NOT_YET', exitCode: ExitCode.Usage })
}
