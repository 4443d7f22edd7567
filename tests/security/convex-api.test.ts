import { ADMIN_KEY } from '../../packages/convex-embedded/test/harness/fixture.ts'
import { fuzzHttp } from './lib/httpTarget.ts'
import { type Route, requestOf } from './lib/requests.ts'
import { standInTarget } from './lib/standInTarget.ts'

const AS_ADMIN = [`Authorization: Convex ${ADMIN_KEY}`]
const call = (path: string, args: object) => ({ path, args, format: 'json' })
const page = { table: 'messages', paginationOpts: { numItems: 5, cursor: null }, filter: { field: 'body', text: 'x' } }
const push = {
  dryRun: false,
  functions: 'convex/',
  appDefinition: {
    schema: null,
    changedModules: [{ path: 'fuzz.js', source: 'export const a = 1', sourceMap: null, environment: 'isolate' }],
    unchangedModuleHashes: [],
    udfServerVersion: '1.45.0',
  },
  componentDefinitions: [],
  nodeDependencies: [],
}
const post = (path: string, body: unknown, headers: readonly string[] = []): Route => ({
  method: 'POST',
  path,
  body,
  headers,
})

fuzzHttp('convex-api', {
  ...standInTarget(),
  routes: [
    { method: 'GET', path: '/version' },
    { method: 'GET', path: '/instance_name' },
    { method: 'GET', path: '/api/query', query: { path: 'messages:list', args: '{"channel":"a"}' } },
    post('/api/query', call('messages:list', { channel: 'a' })),
    post('/api/query', call('messages:page', { channel: 'a', paginationOpts: { numItems: 3, cursor: null } })),
    post('/api/query', call('messages:get', { id: 'abc' })),
    post('/api/query', call('messages:whoami', {}), ['Authorization: Bearer a.b.c']),
    post('/api/query', call('work:named', { constructor: 'a' })),
    post('/api/query_at_ts', { ...call('messages:greet', {}), ts: 'AAAAAAAAAAA=' }),
    post('/api/query_ts', {}),
    post('/api/query_batch', { queries: [call('messages:greet', {}), call('messages:count', { name: 'a' })] }),
    post('/api/mutation', call('messages:send', { channel: 'a', body: 'b' })),
    post('/api/mutation', call('messages:remove', { id: 'a' })),
    post('/api/action', call('work:echo', { value: { a: [1, null, { $integer: 'AAAAAAAAAAA=' }] } })),
    post('/api/function', call('messages:secret', {})),
    post('/api/run/messages/greet', { args: {} }),
    post('/api/storage/upload', 'a file', ['Content-Type: text/plain']),
    { method: 'GET', path: '/api/storage/abc-0123456789abcdef0123456789abcdef' },
    { method: 'GET', path: '/http/version' },
    post('/http/hook', { hello: 'world' }),
    { method: 'GET', path: '/api/1.45.0/sync' },
    { method: 'GET', path: '/api/check_admin_key', headers: AS_ADMIN },
    post('/api/query', call('_system/cli/tableData', page), AS_ADMIN),
    post('/api/deploy2/evaluate_push', push, AS_ADMIN),
    post('/api/deploy2/wait_for_schema', { schemaChange: { schemaIds: { push: 'x' } } }, AS_ADMIN),
    post(
      '/api/deploy2/finish_push',
      { startPush: { schemaChange: { schemaIds: { push: 'x' } } }, dryRun: true },
      AS_ADMIN,
    ),
    post('/api/update_environment_variables', { changes: [{ name: 'FUZZ', value: 'a' }] }, AS_ADMIN),
    post('/api/v1/update_canonical_url', { requestDestination: 'convexSite', url: null }, AS_ADMIN),
    { method: 'GET', path: '/api/v1/get_canonical_urls', headers: AS_ADMIN },
  ],
  corpus: [
    ...['/http//[', '/http//evil.example/hook', '/http//evil.example:99999/hook'].map((path) =>
      requestOf(`POST ${path}`, 'Content-Length: 0'),
    ),
    requestOf('POST /api/query', 'Origin: http://127.evil.example', 'Content-Length: 0'),
    ...['/api/query?args={', '/api/run/%E0%A4%A', `/api/storage/1_storage-${'%C3%A9'.repeat(32)}`].map((path) =>
      requestOf(`GET ${path}`),
    ),
  ],
  good: '/version',
})
