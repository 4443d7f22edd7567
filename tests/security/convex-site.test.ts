import { fuzzHttp } from './lib/httpTarget.ts'
import { standInTarget } from './lib/standInTarget.ts'

fuzzHttp('convex-site', {
  ...standInTarget(),
  port: 1,
  routes: [
    { method: 'POST', path: '/hook', body: { hello: 'world' } },
    { method: 'GET', path: '/hook' },
    { method: 'GET', path: '/version' },
    {
      method: 'OPTIONS',
      path: '/hook',
      headers: ['Origin: http://localhost:1420', 'Access-Control-Request-Method: POST'],
    },
  ],
  good: '/version',
})
