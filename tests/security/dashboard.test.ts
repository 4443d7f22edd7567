import { fuzzHttp } from './lib/httpTarget.ts'
import { dashboard } from './lib/programs.ts'
import { isByOwnName } from './lib/requests.ts'

const ADMIN_KEY = `fuzzed|${'0123456789abcdef'.repeat(4)}`

fuzzHttp('dashboard', {
  program: () => dashboard(ADMIN_KEY),
  routes: [
    { method: 'GET', path: '/', headers: ['Accept: text/html'] },
    { method: 'GET', path: '/version' },
  ],
  secrets: [ADMIN_KEY],
  mayKnow: isByOwnName,
  good: '/version',
})
