import { expect, test } from 'vitest'
import { parseCatalogue } from '../../src/catalogue/load.ts'
import { NebulaError } from '../../src/errors/nebulaError.ts'
import { catalogueText } from './catalogueText.ts'

const levels = Array.from(
  { length: 9 },
  (_, level) => `&l${level} [${level === 0 ? 'x' : `*l${level - 1}, `.repeat(9)}]`,
)

test.each([
  ['that leads to nowhere', '*nothing', 'Unresolved alias'],
  ['that leads to more than anybody wrote', `[${levels.join(', ')}]`, 'Excessive alias count'],
])('an alias %s is a problem of the file, with its line', (_, value, message) => {
  const text = catalogueText.replace('title: Web', () => `title: ${value}`)
  const line = catalogueText.split('\n').findIndex((one) => one.includes('title: Web')) + 1
  const load = () => parseCatalogue(text, 'infra/stack.yaml')
  expect(load).toThrow(NebulaError)
  expect(load).toThrow(`infra/stack.yaml:${line}:`)
  expect(load).toThrow(message)
})
