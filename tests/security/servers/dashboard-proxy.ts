import { createServer, type RequestListener } from 'node:http'
import { ADMIN_KEY_PLACEHOLDER } from '@nebula/stack/codespaces/dashboardPage'
import { startDashboardProxy } from '@nebula/stack/codespaces/dashboardProxy'
import { freePorts } from '../../lib/freePorts.ts'

/** The dashboard and the backend behind it: one says the key's placeholder, both give back what they get. */
async function behind(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  server.on('upgrade', (_, socket) => {
    socket
      .on('error', () => socket.destroy())
      .write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
    socket.pipe(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}

const [port = 0] = await freePorts(1)
await startDashboardProxy({
  port,
  dashboardUrl: await behind((request, response) => {
    request.resume().on('end', () => response.end(`<script>key = "${ADMIN_KEY_PLACEHOLDER}"</script>`))
  }),
  backendUrl: await behind((request, response) => request.pipe(response)),
  adminKey: process.env.ADMIN_KEY ?? '',
  forwardedOrigin: 'https://fluffy-waffle-6791.app.github.dev',
})
process.stdout.write(`listens on ${port}\n`)
