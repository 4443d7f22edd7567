import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { placedReason } from '../../src/system/placedReason.ts'

/** What programs really said, recorded in a checkout at /checkout. */
const linesOf = (name: string) =>
  readFileSync(path.join(import.meta.dirname, 'outputs', `${name}.txt`), 'utf8').split('\n')
const worker = { root: '/checkout', cwd: '/checkout/apps/worker' }
const functions = { root: '/checkout', cwd: '/checkout/packages/convex' }

it.each([
  ['worker-syntax', 'apps/worker/src/worker.ts:102:0: Unexpected end of file'],
  ['worker-import', "apps/worker/src/worker.ts: Cannot find module 'apps/worker/src/gone.ts'"],
  ['worker-package', "apps/worker/src/worker.ts: Cannot find package 'not-there'"],
  [
    'worker-export',
    "apps/worker/src/worker.ts:101: SyntaxError: The requested module './log.ts' does not provide an export named 'gone'",
  ],
  ['worker-throw', 'apps/worker/src/worker.ts:101:7: Error: no settings at import'],
  ['wf-syntax', 'apps/worker/src/workflows/run.ts:54:0: Unexpected end of file'],
  ['wf-import', "apps/worker/src/workflows/run.ts: Cannot find module 'apps/worker/src/workflows/gone.ts'"],
  ['wf-node', 'apps/worker/src/workflows/run.ts: Reading from "node:fs" is not handled by plugins (Unhandled scheme).'],
  ['wf-throw', 'apps/worker/src/workflows/run.ts:53:7: Error: no settings at import'],
])('says where the worker is broken: %s', (name, reason) => {
  expect(placedReason(linesOf(name), worker)).toBe(reason)
})

it.each([
  ['functions-syntax', 'packages/convex/convex/added.ts:4:0: Unexpected end of file'],
  ['functions-import', 'packages/convex/convex/added.ts:3:21: Could not resolve "./gone"'],
  ['functions-package', 'packages/convex/convex/added.ts:3:21: Could not resolve "not-there"'],
  // A backend that names no place: nothing is made up.
  ['functions-throw', null],
])('says where the functions are broken: %s', (name, reason) => {
  expect(placedReason(linesOf(name), functions)).toBe(reason)
})

it('takes the reason of one of our own commands as it is, and the last error that a program did not survive', () => {
  const said = ['✘ [ERROR] first', '    convex/a.ts:1:2:', '✗ packages/convex/convex/a.ts:1:2: first', '→ mend it']
  expect(placedReason(said, functions)).toBe('packages/convex/convex/a.ts:1:2: first')
  const survived = [
    'Error: one',
    '    at f (/checkout/a.ts:1:1)',
    'went on',
    'Error: two',
    '    at f (/checkout/b.ts:2:2)',
  ]
  expect(placedReason(survived, worker)).toBe('b.ts:2:2: Error: two')
})

it('says nothing where no file of ours is named', () => {
  const foreign = ['Error: no', '    at node:internal/x:1:2', '    at f (/checkout/node_modules/p/i.js:1:2)']
  expect(placedReason(foreign, worker)).toBeNull()
  expect(placedReason(['FATAL: no role', 'bye'], worker)).toBeNull()
  expect(placedReason([], worker)).toBeNull()
})

it.each([
  ['in a folder with a space', 'file:///checkout/a%20b/c.mjs:1:7', 'a b/c.mjs:1:7: TypeError: no'],
  ['that is no URL', 'file:///checkout/%zz.mjs:1:7', '%zz.mjs:1:7: TypeError: no'],
])('names a file %s', (_, place, reason) => {
  expect(placedReason(['TypeError: no', `    at ${place}`], worker)).toBe(reason)
})
