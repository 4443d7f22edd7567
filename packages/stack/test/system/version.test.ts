import { expect, test } from 'vitest'
import { compareVersions, findVersion } from '../../src/system/version.ts'

test.each([
  ['v0.37.6, built 2026-07-28', '0.37.6'],
  ['ctlptl 1.2', '1.2'],
  ['Docker version 29.1.3, build 1', '29.1.3'],
  ['10.20.30', '10.20.30'],
  ['1.2.3.4', '1.2.3'],
  ['1.2.', '1.2'],
  ['vv1.2', '1.2'],
  ['v5', null],
  ['a1.2', null],
  ['', null],
])('the version in "%s" is %s', (text, version) => {
  expect(findVersion(text)).toBe(version)
})

test.each([
  ['1.2.3', '1.2.3', 0],
  ['1.2', '1.2.0', 0],
  ['1.2.0', '1.2', 0],
  ['1.9', '1.10', -1],
  ['1.10', '1.9', 1],
  ['2.0', '1.9.9', 1],
  ['1.2', '1.2.1', -1],
  ['1.2.1', '1.2', 1],
  ['1.3.0', '1.2.9', 1],
])('%s compared with %s', (a, b, sign) => {
  expect(Math.sign(compareVersions(a, b))).toBe(sign)
})
