import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parseCatalogue } from '@nebula/stack/catalogue/load'
import { STACK_FILE } from '@nebula/stack/checkout/root'
import { NebulaError } from '@nebula/stack/errors/nebulaError'
import fc from 'fast-check'
import { z } from 'zod'
import { catalogueText } from '../../packages/stack/test/catalogue/catalogueText.ts'
import { repository } from '../lib/checkout.ts'
import { fuzz } from './lib/fuzz.ts'
import { mustBeSound } from './lib/inProcess.ts'
import { hostileJson } from './lib/json.ts'

const FILE = 'infra/stack.yaml'
const Problems = z.array(z.object({ line: z.int().min(1), column: z.int().min(1), message: z.string().min(1) })).min(1)

/** YAML that has broken programs: anchors and what becomes of them, tags, merges, keys that are none, documents. */
const HOSTILE = [
  ...['*nothing', '&a [*a]', '&a {b: *a}', '<<: *nothing', '<<: {a: 1}', '!!binary "%"', '!!js/function "x"', '!<tag:evil.example,2026:x> a', '!!set {a}', '!!omap [a]'],
  ...['? [a]', '? {a: 1} : b', '[a', '{a', '"a', "'a", '|', '>', '|9\n a', '- - - a', '%YAML 9.9', '---', '...', '--- a\n--- b', '\t', '\x00', '\ufeff', '@', '`', '#', ': :'],
  ...['~', 'null', 'true', 'no', '0', '-1', '0x7fffffff', '0o17', '1e999', '.inf', '.nan', '9007199254740993', '2026-01-01', '"\\ud800"', '"\\x00"', '__proto__: {polluted: 1}'],
  ...['constructor: {prototype: {polluted: 1}}', 'toString: 1', '"${secret.}"', '"${a.b.c.d}"', '"${data}"', '"${"', '${constructor.x.y}', '"(a+)+$"', '"("', 'a'.repeat(3_000)],
  ...[`${'['.repeat(500)}${']'.repeat(500)}`, '['.repeat(5_000), '- '.repeat(500), `{a: ${'{a: '.repeat(200)}`, bomb(9)],
] // biome-ignore format: lists

/** Names that stand for lists of names: a billion in a few lines. */
function bomb(levels: number): string {
  const names = Array.from(
    { length: levels },
    (_, level) => `&l${level} [${level === 0 ? 'x' : `*l${level - 1}, `.repeat(9)}]`,
  )
  return `[${names.join(', ')}]`
}

const hostile = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...HOSTILE) }, { weight: 1, arbitrary: hostileJson })
const edit = fc.record({
  at: fc.nat(300),
  how: fc.constantFrom(
    'value' as const,
    'inner' as const,
    'key' as const,
    'before' as const,
    'gone' as const,
    'twice' as const,
    'deeper' as const,
  ),
  part: hostile,
})
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never

function edited(text: string, edits: readonly Edit[]): string {
  return edits
    .reduce((lines, { at, how, part }) => {
      const index = at % lines.length
      const line = lines[index] ?? ''
      return lines.toSpliced(index, 1, ...changed(line, how, part))
    }, text.split('\n'))
    .join('\n')
}

function changed(line: string, how: Edit['how'], part: string): readonly string[] {
  switch (how) {
    case 'value':
      return [line.replace(/: .*$/, () => `: ${part}`)]
    case 'inner':
      return [line.replace(/: [^{},:]+(?=[,}])/, () => `: ${part}`)]
    case 'key':
      return [line.replace(/[\w-]+:/, () => `${part}:`)]
    case 'before':
      return [part, line]
    case 'gone':
      return []
    case 'twice':
      return [line, line]
    case 'deeper':
      return [`  ${line}`]
  }
}

const whole = readFileSync(path.join(repository, STACK_FILE), 'utf8')
const texts = fc
  .tuple(
    fc.oneof({ weight: 40, arbitrary: fc.constant(catalogueText) }, { weight: 1, arbitrary: fc.constant(whole) }),
    fc.array(edit, { minLength: 1, maxLength: 3 }),
  )
  .map(([text, edits]) => edited(text, edits))

fuzz<string>('catalogue', () => ({
  inputs: fc.oneof({ weight: 20, arbitrary: texts }, { weight: 1, arbitrary: hostile }),
  corpus: ['', '[]', 'null', '--- a\n--- b'],
  attempt: async (text) => {
    await mustBeSound(() => {
      try {
        parseCatalogue(text, FILE)
      } catch (error) {
        if (!(error instanceof NebulaError)) throw error
        Problems.parse(error.details)
      }
    })
  },
}))
