import type { Engine } from '../engine/engine.ts'
import type { FileStorage } from '../store/fileStorage.ts'
import { type App, makeRoutes } from './app.ts'
import { HttpError } from './httpError.ts'

/** Uploads to a URL that a function made, and downloads. */
export function storageRoutes(engine: Engine, files: FileStorage): App {
  const routes = makeRoutes()
  routes.post('/api/storage/upload', async (exchange) => {
    const { req, env } = exchange
    if (!files.isUploadToken(req.query('token') ?? '')) {
      throw new HttpError(401, 'InvalidUploadToken', 'The upload URL is not valid, or older than an hour')
    }
    const received = await files.receive(env.incoming, req.header('content-type') ?? null)
    const storageId = await engine.transaction(() => {
      const id = engine.insert('_storage', received.fields)
      received.keepAs(id)
      return id
    })
    return exchange.json({ storageId })
  })
  routes.get('/api/storage/:name', async ({ req, body }) => {
    const storageId = files.storageIdOf(req.param('name'))
    const document = storageId === null ? null : engine.document(storageId)
    if (storageId === null || document === null) throw new HttpError(404, 'FileNotFound', 'There is no such file')
    const contentType = document.contentType
    const type = typeof contentType === 'string' ? contentType : 'application/octet-stream'
    const blob = await files.blob(storageId, type)
    return body(blob.stream(), 200, {
      'Content-Type': type,
      'Content-Length': String(blob.size),
      'Cache-Control': 'private, max-age=2592000',
      // What somebody uploaded must not run as a page of this origin.
      'X-Content-Type-Options': 'nosniff',
      'Content-Security-Policy': 'sandbox',
    })
  })
  return routes
}
