// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is how references look
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { dependants, startOrder } from '../../src/catalogue/graph.ts'
import { SCHEMA_FILE, schemaFileContent } from '../../src/catalogue/jsonSchema.ts'
import { type LocatedProblem, loadCatalogue, parseCatalogue } from '../../src/catalogue/load.ts'
import { findRoot, STACK_FILE } from '../../src/checkout/root.ts'
import { NebulaError } from '../../src/errors/nebulaError.ts'
import { temporaryFolder } from '../temporaryFolder.ts'
import { catalogueText } from './catalogueText.ts'

function problemsOf(text: string): readonly string[] {
  try {
    parseCatalogue(text, 'infra/stack.yaml')
  } catch (error) {
    if (!(error instanceof NebulaError)) throw error
    const problems = error.details as readonly LocatedProblem[] // what parseCatalogue documents
    return problems.map(({ line, column, message }) => `${line}:${column} ${message}`)
  }
  return []
}

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

interface Case {
  readonly from: string
  readonly to: string
  /** The text that the problem must point at; it is there once. */
  readonly at: string
  readonly expected: RegExp
}

const cases: Record<string, Case> = {
  'a key with a letter missing': {
    from: 'hints:',
    to: 'hint:',
    at: 'hint:',
    expected: /^unknown key "hint" in services\[database\]: did you mean "hints"\?$/,
  },
  'a key that is like no other': {
    from: 'summary: Shows things',
    to: 'summary: Shows things\n    colour: red',
    at: 'colour',
    expected: /^unknown key "colour" in services\[web\]: expected one of id, title, summary/,
  },
  'a key of another kind of check': {
    from: 'endpoint: ui, path: /health',
    to: 'endpoint: ui, user: me, path: /health',
    at: 'user: me, path',
    expected:
      /^unknown key "user" in services\[web\]\.ready: expected one of kind, endpoint, path, status, deadlineMs$/,
  },
  'a key at the top': {
    from: 'platform:',
    to: 'platfrom: []\nplatform:',
    at: 'platfrom',
    expected: /^unknown key "platfrom" at the top: did you mean "platform"\?$/,
  },
  'a value that is missing': {
    from: '    title: Web\n',
    to: '',
    at: 'id: web',
    expected: /^services\[web\]\.title: expected a text; it is missing$/,
  },
  'a value of another type': {
    from: 'usualStartMs: 100\n    hints',
    to: 'usualStartMs: soon\n    hints',
    at: 'soon',
    expected: /^services\[database\]\.usualStartMs: expected a number; got "soon"$/,
  },
  'a word that is misspelt': {
    from: 'kind: job',
    to: 'kind: jbo',
    at: 'jbo',
    expected: /^services\[migrations\]\.kind: expected one of "server", "job"; got "jbo"; did you mean "job"\?$/,
  },
  'a check that does not exist': {
    from: 'kind: http, endpoint',
    to: 'kind: htpp, endpoint',
    at: 'htpp',
    expected: /^services\[web\]\.ready\.kind: expected one of "http", "tcp", .*; got "htpp"; did you mean "http"\?$/,
  },
  'a port that is none': {
    from: 'localPort: 8080',
    to: 'localPort: 80800',
    at: '80800',
    expected: /^services\[web\]\.endpoints\[ui\]\.localPort: expected number to be <=65535; got 80800$/,
  },
  'an id that is no DNS label': {
    from: 'id: web',
    to: 'id: Web_1',
    at: 'Web_1',
    expected: /^services\[Web_1\]\.id: expected a DNS label: .*; got "Web_1"$/,
  },
  'a path without a slash': {
    from: 'path: /health',
    to: 'path: health',
    at: 'health, status',
    expected: /^services\[web\]\.ready\.path: expected a text that must start with "\/"; got "health"$/,
  },
  'an environment variable in lower case': {
    from: 'PASSWORD:',
    to: 'password:',
    at: 'password:',
    expected: /^services\[web\]\.embedded\.env\.password: expected a name of upper-case letters/,
  },
  'a secret that does not exist': {
    from: 'passwordSecret: postgresPassword',
    to: 'passwordSecret: postgrsPassword',
    at: 'postgrsPassword',
    expected: /; did you mean "postgresPassword"\?$/,
  },
  'an embedded form without a process': {
    from: "argv: [node, web.ts, '--database=${database.sql.address}']\n",
    to: 'cwd: apps\n',
    at: 'cwd: apps',
    expected: /^web: expected either "argv", its process, or "partOf", whose process it is in$/,
  },
  'an embedded form in the process of a service that has none': {
    from: "argv: [node, web.ts, '--database=${database.sql.address}']\n",
    to: 'partOf: database\n',
    at: 'database\n      env',
    expected: /^"database" is no service with a process in embedded mode$/,
  },
  'a database of a program without a stand-in': {
    from: 'argv: [node, web.ts',
    to: 'database: "${data}/web.sqlite"\n      argv: [node, web.ts',
    at: 'database: "${data}',
    expected: /^web: "database" tells the data of program and stand-in apart: expected it for both or neither$/,
  },
  'a program that nothing starts': {
    from: 'argv: [node, web.ts',
    to: 'program: temporal\n      argv: [node, web.ts',
    at: 'program: temporal',
    expected: /^web: "program" says what \$\{program\} in "argv" is: expected both or neither$/,
  },
  'a stand-in for nothing': {
    from: 'argv: [node, web.ts',
    to: 'standIn: { argv: [node] }\n      argv: [node, web.ts',
    at: 'standIn',
    expected: /^web has no "program" to stand in for$/,
  },
  'an id that is taken': {
    from: 'id: web',
    to: 'id: tilt',
    at: 'tilt\n    title: Web',
    expected: /^the id "tilt" is taken by Tilt$/,
  },
  'an endpoint that is there twice': {
    from: 'onForward: notify }\n',
    to: 'onForward: notify }\n      - { name: ui, scheme: tcp, localPort: 1, label: U, audience: code, onForward: ignore }\n',
    at: 'ui, scheme: tcp',
    expected: /^web has two endpoints "ui"$/,
  },
  'a port that is taken': {
    from: 'localPort: 8080',
    to: 'localPort: 5432',
    at: '5432, label: Web',
    expected: /^the local port 5432 is taken by database\.sql$/,
  },
  'a port to forward to that is taken': {
    from: 'localPort: 8080',
    to: 'localPort: 8080, forwardPort: 5432',
    at: '5432, label: Web',
    expected: /^the local port 5432 is taken by database\.sql$/,
  },
  'a need for a service that does not exist': {
    from: '{ id: migrations, until',
    to: '{ id: migration, until',
    at: '{ id: migration,',
    expected: /^web needs "migration", which is no service; did you mean "migrations"\?$/,
  },
  'a need that is there twice': {
    from: '{ id: database, until: started }',
    to: '{ id: migrations, until:  completed }',
    at: '{ id: migrations, until:  completed }',
    expected: /^web needs migrations twice$/,
  },
  'a job that is to become healthy': {
    from: 'migrations, until: completed',
    to: 'migrations, until: healthy',
    at: '{ id: migrations, until: healthy',
    expected: /^migrations is a job: expected "until: completed"$/,
  },
  'a server that is to complete': {
    from: 'database, until: started',
    to: 'database, until: completed',
    at: '{ id: database, until: completed',
    expected: /^database is a server, it never completes: expected "until: healthy" or "until: started"$/,
  },
  'a server without a check': {
    from: '    ready: { kind: http, endpoint: ui, path: /health, status: 200, deadlineMs: 1000 }\n',
    to: '',
    at: 'server\n    needs',
    expected: /^web is a server: expected "ready"/,
  },
  'a job with a check': {
    from: 'kind: job\n',
    to: 'kind: job\n    ready: { kind: exec, argv: [x], deadlineMs: 1 }\n',
    at: 'ready: { kind: exec',
    expected: /^migrations is a job: .* expected no "ready"$/,
  },
  'a check of an endpoint that does not exist': {
    from: 'endpoint: ui',
    to: 'endpoint: web',
    at: 'web, path: /health',
    expected: /^web has no endpoint "web": expected ui$/,
  },
  'a check that does not fit its endpoint': {
    from: 'kind: http, endpoint: ui, path: /health, status: 200',
    to: 'kind: grpc, endpoint: ui, service: s',
    at: 'ui, service: s',
    expected: /^the check of web is grpc, its endpoint "ui" is http/,
  },
  'a hint that is no regular expression': {
    from: 'match: disk is full',
    to: "match: 'disk (is full'",
    at: "'disk (is full'",
    expected: /^expected a regular expression: .*Unterminated group/,
  },
  'a hint that matches everything': {
    from: 'match: disk is full',
    to: "match: '.*'",
    at: "'.*'",
    expected: /^it matches every line/,
  },
  'a reference to a service that does not exist': {
    from: '${database.sql.address}',
    to: '${databse.sql.address}',
    at: "'--database",
    expected: /^\$\{databse\.sql\.address\}: there is no service with endpoints "databse"; did you mean "database"\?$/,
  },
  'a reference to an endpoint that does not exist': {
    from: '${database.sql.address}',
    to: '${database.http.address}',
    at: "'--database",
    expected: /there is no endpoint of database "http"; there is sql$/,
  },
  'a reference to a secret that does not exist': {
    from: '${secret.postgresPassword}',
    to: '${secret.postgresPasword}',
    at: "'${secret.",
    expected: /did you mean "postgresPassword"\?$/,
  },
  'a reference to something else': {
    from: '${data}/web',
    to: '${HOME}/web',
    at: "'${HOME}",
    expected: /^\$\{HOME\}: no reference; expected \$\{service/,
  },
  'a reference without an end': {
    from: '${data}/web',
    to: '${data/web',
    at: "'${data/",
    expected: /^\$\{data\/web: a reference without its end/,
  },
}

test.each(Object.entries(cases))('says where and what is expected for %s', (_, { from, to, at, expected }) => {
  expect(catalogueText.split(from)).toHaveLength(2)
  const text = catalogueText.replace(from, () => to)
  expect(text.split(at)).toHaveLength(2)
  const before = text.slice(0, text.indexOf(at)).split('\n')
  const place = `${before.length}:${(before.at(-1) ?? '').length + 1} `
  const problems = problemsOf(text)
  expect(problems).toHaveLength(1)
  expect(problems[0]?.slice(0, place.length)).toBe(place)
  expect(problems[0]?.slice(place.length)).toMatch(expected)
})

test('names the services that need each other in a circle', () => {
  const circle = catalogueText.replace('kind: server\n', 'kind: server\n    needs: [{ id: web, until: healthy }]\n')
  expect(problemsOf(circle)).toEqual([
    '14:13 services need each other in a circle: database → web → migrations → database',
  ])
  const self = catalogueText.replace('id: database, until: healthy', 'id: migrations, until: completed')
  expect(problemsOf(self)).toEqual(['26:13 services need each other in a circle: migrations → migrations'])
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

test('says that the file is not there', async () => {
  const error = await loadCatalogue(path.join(await temporaryFolder(), 'stack.yaml')).catch((error: unknown) => error)
  expect(error).toMatchObject({ code: 'CATALOGUE_MISSING', hint: expect.stringMatching(/^git checkout/) })
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
