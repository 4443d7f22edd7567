import { InvalidArgumentError } from '@commander-js/extra-typings'

/**
 * Reads an option's value as a whole number above 0.
 * @throws InvalidArgumentError, which commander shows with the option's name.
 */
export function wholeNumber(text: string): number {
  const number = Number(text)
  if (!/^\d+$/.test(text) || number < 1) throw new InvalidArgumentError('expected a whole number above 0')
  return number
}
