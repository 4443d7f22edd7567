import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { dependants, startOrder } from '../../src/catalogue/graph.ts'
import { SCHEMA_FILE, schemaFileContent } from '../../src/catalogue/jsonSchema.ts'
import { loadCatalogue, parseCatalogue } from '../../src/catalogue/load.ts'
import { findRoot, STACK_FILE } from '../../src/checkout/root.ts'
import { temporaryFolder } from '../temporaryFolder.ts'
import { catalogueText } from './catalogueText.ts'
import { problemsOf } from './mistakes.ts'

test('reads the stack of this repository', async () => {
  const catalogue = await loadCatalogue(path.join(await findRoot(import.meta.dirname), STACK_FILE))
  expect(catalogue.services.map(({ id }) => id)).toContain('temporal')
})

test('fills in what may be left out', () => {
  const [database, migrations] = parseCatalogue(catalogueText, 'x').services
  expect(database).toMatchObject({ needs: [], stop: { signal: 'SIGTERM', graceMs: 10_000 } })
  expect(migrations).toMatchObject({ endpoints: [], hints: [] })
})

test('the schema for editors is the one of the code: `pnpm --filter @nebula/stack schema` writes it', async () => {
  const file = path.join(await findRoot(import.meta.dirname), SCHEMA_FILE)
  expect(await readFile(file, 'utf8')).toBe(schemaFileContent())
})

test('names the services that need each other in a circle', () => {
  const circle = catalogueText.replace('kind: server\n', 'kind: server\n    needs: [{ id: web, until: healthy }]\n')
  expect(problemsOf(circle)).toEqual([
    '14:13 services need each other in a circle: database → web → migrations → database',
  ])
  const self = catalogueText.replace('id: database, until: healthy', 'id: migrations, until: completed')
  expect(problemsOf(self)).toEqual(['26:13 services need each other in a circle: migrations → migrations'])
  const second = catalogueText.replace('until: healthy }]', 'until: healthy }, { id: migrations, until: completed }]')
  expect(problemsOf(second)).toEqual(['26:47 services need each other in a circle: migrations → migrations'])
  const from = self.replace('kind: server\n', 'kind: server\n    needs: [{ id: migrations, until: completed }]\n')
  expect(problemsOf(from)).toEqual(['27:13 services need each other in a circle: migrations → migrations'])
})

test('a connection and a command can be the check of any endpoint', () => {
  const check = 'kind: http, endpoint: ui, path: /health, status: 200'
  for (const other of ['kind: tcp, endpoint: ui', 'kind: exec, argv: [curl]'])
    expect(problemsOf(catalogueText.replace(check, other))).toEqual([])
})

test.each<[string, string, RegExp]>([
  ['nothing', '', /^1:1 the file: expected a map; got nothing$/],
  ['something else', '- 1\n', /^1:1 the file: expected a map; got a list$/],
  ['a bracket that never closes', 'name: [nebula\n', /^\d:\d+ .*\]/],
  ['a key twice', 'name: a\nname: b\n', /^2:1 Map keys must be unique/],
])('says where the YAML is wrong: %s', (_, text, problem) => {
  expect(problemsOf(text)).toContainEqual(expect.stringMatching(problem))
})

test('reports all problems in one error, in the order of the file, with what to do', async () => {
  const file = path.join(await temporaryFolder(), 'stack.yaml')
  await writeFile(file, catalogueText.replace('kind: job', 'kind: jbo').replace('title: Tilt', 'titel: Tilt'))
  const error = await loadCatalogue(file).catch((error: unknown) => error)
  expect(error).toMatchObject({
    code: 'CATALOGUE_INVALID',
    exitCode: 3,
    hint: expect.stringContaining('stack.schema.json'),
  })
  const [head, ...lines] = error instanceof Error ? error.message.split('\n') : []
  expect(head).toBe(`${file} has 3 problems:`)
  expect(lines.map((line) => line.replace(`${file}:`, '').split(' ')[0])).toEqual(['4:5:', '5:5:', '25:11:'])
})

test('problems of one line come in its order, and a file below the current folder is called by its short name', () => {
  const text = catalogueText.replace('label: SQL, audience: code', 'audience: 2, label: 1')
  const file = path.join(process.cwd(), 'infra/stack.yaml')
  expect(() => parseCatalogue(text, file)).toThrow(
    expect.objectContaining({
      message: expect.stringMatching(
        /^infra\/stack\.yaml has 2 problems:\n.*audience: expected.*\n.*label: expected.*$/,
      ),
      hint: 'change infra/stack.yaml as said above; what belongs where is in infra/stack.schema.json',
    }),
  )
  const one = catalogueText.replace('label: SQL', 'label: 1')
  expect(() => parseCatalogue(one, file)).toThrow(
    expect.objectContaining({ message: expect.stringMatching(/^infra\/stack\.yaml:15:\d+: services/) }),
  )
})

test('says that the file is not there, and what the system says of one that cannot be read', async () => {
  const folder = await temporaryFolder()
  const file = path.join(folder, 'stack.yaml')
  const error = await loadCatalogue(file).catch((error: unknown) => error)
  expect(error).toMatchObject({
    message: `${file} is not there: it describes the stack`,
    code: 'CATALOGUE_MISSING',
    hint: `git checkout -- ${file}`,
    exitCode: 3,
  })
  await expect(loadCatalogue(folder)).rejects.toMatchObject({ code: 'EISDIR' })
})

test('finds the root of the checkout from any folder in it, and says when there is none', async () => {
  const root = await findRoot(import.meta.dirname)
  expect(await findRoot(root)).toBe(root)
  expect(path.join(root, 'packages/stack/test/catalogue')).toBe(import.meta.dirname)
  await expect(findRoot(await temporaryFolder())).rejects.toMatchObject({ code: 'NOT_IN_REPOSITORY', exitCode: 2 })
})

test('starts services in layers, after what they need', () => {
  const catalogue = parseCatalogue(catalogueText, 'x')
  const layers = startOrder({ services: [...catalogue.services].reverse() })
  expect(layers.map((layer) => layer.map(({ id }) => id))).toEqual([['database'], ['migrations'], ['web']])
})

test('names what can never start', () => {
  const { services } = parseCatalogue(catalogueText, 'x')
  const without = services.filter(({ id }) => id !== 'database')
  expect(() => startOrder({ services: without })).toThrow('these services can never start: migrations, web')
})

test('starts together what does not need each other', () => {
  const catalogue = parseCatalogue(catalogueText.replace('      - { id: migrations, until: completed }\n', ''), 'x')
  expect(startOrder(catalogue).map((layer) => layer.map(({ id }) => id))).toEqual([['database'], ['migrations', 'web']])
})

test('knows who needs a service, directly or through others', () => {
  const catalogue = parseCatalogue(catalogueText, 'x')
  expect(dependants(catalogue, 'database')).toEqual(['migrations', 'web'])
  expect(dependants(catalogue, 'migrations')).toEqual(['web'])
  expect(dependants(catalogue, 'web')).toEqual([])
})
