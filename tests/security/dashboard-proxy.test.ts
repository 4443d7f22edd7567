import { fuzzHttp } from './lib/httpTarget.ts'
import { ownProgram } from './lib/programs.ts'
import { isByOwnName } from './lib/requests.ts'

const ADMIN_KEY = `fuzzed|${'0123456789abcdef'.repeat(4)}`

fuzzHttp('dashboard-proxy', {
  program: () => ownProgram('dashboard-proxy', { ADMIN_KEY }),
  routes: [
    { method: 'GET', path: '/', headers: ['Accept: text/html'] },
    { method: 'GET', path: '/data', query: { table: 'runs' }, headers: ['Accept: text/html'] },
    { method: 'GET', path: '/_next/static/chunk.js' },
    { method: 'GET', path: '/version' },
    { method: 'POST', path: '/api/query', body: { path: 'runs:list', args: {} } },
    { method: 'GET', path: '/api/1.45.0/sync' },
    { method: 'GET', path: '/api/storage/kg2f' },
  ],
  secrets: [ADMIN_KEY],
  mayKnow: isByOwnName,
  good: '/version',
})
