import { InvalidArgumentError, Option } from '@commander-js/extra-typings'

/** For every command that works on a stack. */
export const modeOption = new Option('--mode <mode>', 'cluster, embedded, or auto: what runs or can run (NEBULA_MODE)')

/** For commands whose result programs read. */
export const jsonOption = new Option('--json', 'one JSON object on stdout')

/** For commands that take their time. */
export const quietOption = new Option('--quiet', 'show errors only')

/**
 * Reads an option's value as a whole number above 0.
 * @throws InvalidArgumentError, which commander shows with the option's name.
 */
export function wholeNumber(text: string): number {
  const number = Number(text)
  if (!/^\d+$/.test(text) || number < 1) throw new InvalidArgumentError('expected a whole number above 0')
  return number
}
