import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Engine } from '../engine/engine.ts'
import type { FileStorage } from '../store/fileStorage.ts'
import { HttpError } from './exchange.ts'
import type { Routes } from './router.ts'

/** Uploads to a URL that a function made, and downloads. */
export function storageRoutes(engine: Engine, files: FileStorage): Routes {
  return {
    'POST /api/storage/upload': async (exchange) => {
      if (!files.isUploadToken(exchange.url.searchParams.get('token') ?? '')) {
        throw new HttpError(401, 'InvalidUploadToken', 'The upload URL is not valid, or older than an hour')
      }
      const received = await files.receive(exchange.request, exchange.request.headers['content-type'] ?? null)
      const storageId = await engine.transaction(() => {
        const id = engine.insert('_storage', received.fields)
        received.keepAs(id)
        return id
      })
      exchange.json({ storageId })
    },
    'GET /api/storage/*': async (exchange) => {
      const name = exchange.url.pathname.slice('/api/storage/'.length)
      const storageId = files.storageIdOf(name)
      const document = storageId === null ? null : engine.document(storageId)
      if (storageId === null || document === null) throw new HttpError(404, 'FileNotFound', 'There is no such file')
      const contentType = document.contentType
      const type = typeof contentType === 'string' ? contentType : 'application/octet-stream'
      const blob = await files.blob(storageId, type)
      exchange.response.writeHead(200, {
        'Content-Type': type,
        'Content-Length': blob.size,
        'Cache-Control': 'private, max-age=2592000',
        // What somebody uploaded must not run as a page of this origin.
        'X-Content-Type-Options': 'nosniff',
      })
      if (exchange.request.method === 'HEAD') exchange.response.end()
      else await pipeline(Readable.fromWeb(blob.stream()), exchange.response)
    },
  }
}
