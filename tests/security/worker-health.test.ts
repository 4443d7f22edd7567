import { fuzzHttp } from './lib/httpTarget.ts'
import { ownProgram } from './lib/programs.ts'

fuzzHttp('worker-health', {
  program: () => ownProgram('worker-health'),
  routes: ['/health', '/readyz', '/livez', '/metrics'].map((path) => ({ method: 'GET', path })),
  secrets: [],
  good: '/livez',
})
