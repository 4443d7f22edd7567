import { describe, expect, it } from 'vitest'
import { filledLines, firstLine, lastLines, lastWords, parseJson, whyEnded } from '../../src/system/text.ts'

describe('the last words of a process', () => {
  it.each<[string, string[], string]>([
    ['the last line', ['one', 'two'], 'two'],
    ['the last line that says something', ['one', 'two', '', '  '], 'two'],
    ['nothing, where it said nothing', [], ''],
    ['nothing, where it said nothing but empty lines', ['', ' '], ''],
    ['the last line of an error, whatever follows', ['Error: first', 'TypeError: second', 'bye'], 'TypeError: second'],
    ['no line that has the word inside another', ['an errorless start', 'bye'], 'bye'],
    ['no line that has the word at the end of a path', ['see /var/error', 'bye'], 'bye'],
    ['a quoted error', ['{"level":"error"}', 'bye'], '{"level":"error"}'],
    ['an error after a tab', ['12:00\tfatal: no disk', 'bye'], '12:00\tfatal: no disk'],
    ['what Go says', ['panic: nil', 'bye'], 'panic: nil'],
    ['what PostgreSQL says', ['FATAL:  no role', 'bye'], 'FATAL:  no role'],
    ['no frame of a stack', ['Error: no', '    at file.ts:1', 'Node.js v24.1.0'], 'Error: no'],
    ['no frame of a stack, where nothing else is an error', ['no', '    at Error.ts:1', 'Node.js v24.1.0'], 'no'],
    ['no advice', ['error: no key', '→ npm run up'], 'error: no key'],
    ['no advice, where nothing is an error', ['no key', '→ npm run up'], 'no key'],
    ['a line that begins with at', ['at home'], 'at home'],
    ['a line with at inside', ['one', 'we are at home'], 'we are at home'],
    ['a line that speaks of Node.js', ['it needs Node.js v24'], 'it needs Node.js v24'],
    ['without its colours and spaces', ['\u001b[31m  red \u001b[0m'], 'red'],
    ['in 200 letters', ['a'.repeat(200)], 'a'.repeat(200)],
    ['cut to 200 letters', ['a'.repeat(201)], `${'a'.repeat(199)}…`],
  ])('are %s', (_, lines, words) => {
    expect(lastWords(lines)).toBe(words)
  })

  it('follow how it ended', () => {
    expect(whyEnded('exited with code 1', ['TypeError: no'], { root: '/checkout', cwd: '/checkout' })).toBe(
      'exited with code 1: TypeError: no',
    )
    const thrown = ['Error: no', '    at /checkout/a.ts:1:2']
    expect(whyEnded('exited with code 1', thrown, { root: '/checkout', cwd: '/' })).toBe('a.ts:1:2: Error: no')
    expect(whyEnded('exited with code 1', [''], { root: '/checkout', cwd: '/checkout' })).toBe('exited with code 1')
  })
})

it('lines of a text are counted without the empty ones around it', () => {
  expect(lastLines('\na\nb\nc\n\n', 2)).toBe('b\nc')
  expect(lastLines('a', 2)).toBe('a')
  expect(firstLine('\n ab\nc')).toBe('ab')
  expect(firstLine('')).toBe('')
  expect(filledLines('a\n\n  \n b \n')).toEqual(['a', ' b '])
})

it('what is no JSON has no value', () => {
  expect(parseJson('{"a":[1]}')).toEqual({ a: [1] })
  expect(parseJson('null')).toBeNull()
  expect(parseJson('{')).toBeUndefined()
})
