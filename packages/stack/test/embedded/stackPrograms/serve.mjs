import { createServer } from 'node:http'

/** Serves /health on PORT until SIGTERM. `status` is what it answers, `say` hears what it does. */
export function serve({ status = () => 200, say = print, end = () => process.exit(0) } = {}) {
  const server = createServer((_request, response) => response.writeHead(status()).end())
  server.listen(Number(process.env.PORT), '127.0.0.1', () => say('serving'))
  process.on('SIGTERM', () => {
    say('ending')
    end()
  })
}

export function print(text) {
  process.stdout.write(`${text}\n`)
}
