import { expect, it, onTestFinished } from 'vitest'
import { startDashboard } from '../src/dashboard/dashboard.ts'

it('serves one page that names itself a stand-in and needs nothing from elsewhere', async () => {
  const adminKey = 'fixture|01</script><script>alert(1)</script>$&'
  const dashboard = await startDashboard({
    host: '127.0.0.1',
    port: 0,
    deploymentUrl: 'http://127.0.0.1:3210',
    adminKey,
    log: () => undefined,
  })
  onTestFinished(() => dashboard.close())
  const answer = await fetch(dashboard.url)
  const page = await answer.text()
  expect(answer.headers.get('Nebula-Stand-In')).toMatch(/^convex-embedded/)
  expect(answer.headers.get('Content-Type')).toContain('text/html')
  expect(page).toContain('stand-in')
  expect(page).not.toMatch(/(?:src|href)="?https?:/)
  expect(page).not.toContain('innerHTML')
  const [, config = ''] = /<script type="application\/json" id="config">(.*?)<\/script>/s.exec(page) ?? []
  expect(JSON.parse(config)).toEqual({ deploymentUrl: 'http://127.0.0.1:3210', adminKey })
  const nonce = /'nonce-([^']+)'/.exec(answer.headers.get('Content-Security-Policy') ?? '')?.[1] ?? 'none'
  expect(page.split(`nonce="${nonce}"`)).toHaveLength(3)
  expect((await fetch(`${dashboard.url}/nowhere`)).status).toBe(404)
})
