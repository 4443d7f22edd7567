// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is how references look
import { expect, test } from 'vitest'
import { parseCatalogue } from '../../src/catalogue/load.ts'
import { referenceProblems, resolveReferences } from '../../src/catalogue/references.ts'
import { SECRET_NAMES } from '../../src/secrets/secretNames.ts'
import { catalogueText } from './catalogueText.ts'

const catalogue = parseCatalogue(catalogueText, 'stack.yaml')
const secrets = {
  postgresPassword: 'pass-word',
  convexInstanceName: 'nebula',
  convexInstanceSecret: '00',
  convexAdminKey: 'nebula|00',
  serviceKey: '{}',
  serviceJwks: 'data:,',
}
const context = { catalogue, secrets, data: '/somewhere/data', temporary: '/tmp/of-web' }

test.each([
  ['${database.sql.address}', '127.0.0.1:5432'],
  ['${database.sql.url}', 'postgres://127.0.0.1:5432'],
  ['${web.ui.url}/health', 'http://127.0.0.1:8080/health'],
  ['${web.ui.host} ${web.ui.port}', '127.0.0.1 8080'],
  ['${tilt.ui.port}', '10350'],
  ['${data}/web', '/somewhere/data/web'],
  ['${temporary}/x', '/tmp/of-web/x'],
  ['--password=${secret.postgresPassword}', '--password=pass-word'],
  ['no reference: $HOME, 5 $', 'no reference: $HOME, 5 $'],
])('puts the value in the place of the reference: %s', (text, expected) => {
  expect(resolveReferences(text, context)).toBe(expected)
})

test('does not resolve what a value happens to contain', () => {
  expect(resolveReferences('${data}', { ...context, data: '/${data}/$&' })).toBe('/${data}/$&')
})

test('a program is where it was found', () => {
  expect(resolveReferences('${program} run', { ...context, program: '/bin/x' })).toBe('/bin/x run')
})

test('every problem of a text is told, with what there is', () => {
  const forms = '${service.endpoint.address|url|host|port}, ${secret.NAME}, ${data}, ${temporary} or ${program}'
  expect(referenceProblems('${a} ${something.ui.url} ${data} ${web.other.url} ${secret.other} ${b', catalogue)).toEqual(
    [
      `\${a}: no reference; expected ${forms}`,
      '${something.ui.url}: there is no service with endpoints "something"; there is tilt, database, web',
      '${web.other.url}: there is no endpoint of web "other"; there is ui',
      `\${secret.other}: there is no secret "other"; there is ${SECRET_NAMES.join(', ')}`,
      `\${a} \${something.ui.url} \${data} \${web.other.url} \${secret.other} \${b: a reference without its end; expected ${forms}`,
    ],
  )
})

test.each(['${web.ui}', '${web.ui.path}', '${secret.other}', '${}', '${data', '${ data }'])('refuses %s', (text) => {
  expect(() => resolveReferences(text, context)).toThrow(
    expect.objectContaining({ code: 'REFERENCE_INVALID', hint: 'see infra/stack.yaml' }),
  )
})
