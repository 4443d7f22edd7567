import { expect, test } from 'vitest'
import { didYouMean } from '../../src/errors/didYouMean.ts'

test.each([
  ['a letter that is missing', 'posgres', 'postgres'],
  ['a letter too many', 'postggres', 'postgres'],
  ['another letter', 'postgros', 'postgres'],
  ['two letters swapped', 'postgrse', 'postgres'],
  ['the first two letters swapped', 'opstgres', 'postgres'],
  ['two edits in six letters', 'conver', 'convex'],
  ['other capitals', 'POSTGRES', 'postgres'],
  ['a candidate with other capitals', 'readme', 'README'],
])('a word with %s is recognized', (_, word, meant) => {
  expect(didYouMean(word, ['temporal', 'postgres', 'convex', 'README'])).toBe(meant)
})

test.each([
  ['one edit is allowed in a short word', 'ab', 'a', 'a'],
  ['one edit in five letters', 'abcde', 'abcdx', 'abcdx'],
  ['and no more', 'abcde', 'abcxy', undefined],
  ['two edits in six letters', 'abcdef', 'abcdxy', 'abcdxy'],
  ['and no more', 'abcdef', 'abcxyz', undefined],
  ['a swap is one edit', 'ab', 'ba', 'ba'],
  ['a swap is no other letter', 'ab', 'xy', undefined],
  ['only neighbours swap', 'abc', 'cba', undefined],
  ['a swap on the way', 'xabyyy', 'zbayyy', 'zbayyy'],
  ['a letter that repeats is no swap', 'aab', 'bba', undefined],
  ['only the same two letters swap: the first', 'abc', 'bdc', undefined],
  ['only the same two letters swap: the second', 'abc', 'dac', undefined],
  ['nothing for nothing', '', 'ab', undefined],
])('%s: %s, %s', (_, word, candidate, meant) => {
  expect(didYouMean(word, [candidate])).toBe(meant)
})

test('the closest one is meant, and of two that are as close the first', () => {
  expect(didYouMean('status', ['statist', 'statuses', 'statuss'])).toBe('statuss')
  expect(didYouMean('up', ['us', 'ud'])).toBe('us')
  expect(didYouMean('up', [])).toBeUndefined()
})
