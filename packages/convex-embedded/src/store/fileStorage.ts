import { createHash, createHmac, randomUUID, timingSafeEqual } from 'node:crypto'
import { createWriteStream, mkdirSync, openAsBlob, readdirSync, renameSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import path from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** A file that has arrived whole and is on disk, but belongs to no document yet. */
export interface ReceivedFile {
  /** The fields of its `_storage` document. */
  readonly fields: { readonly size: number; readonly sha256: string; readonly contentType?: string }
  /** Gives it its name. Call it in the transaction that inserts the document. */
  keepAs(storageId: string): void
}

const UPLOAD_LIFETIME_MS = 3_600_000

/** The files of `ctx.storage`, one on disk for each document of the table `_storage`. */
export class FileStorage {
  readonly #folder: string
  readonly #secret: string
  /** How browsers reach the deployment. */
  readonly #origin: () => string

  constructor(options: { folder: string; secret: string; origin: () => string }) {
    this.#folder = options.folder
    this.#secret = options.secret
    this.#origin = options.origin
    mkdirSync(this.#folder, { recursive: true })
  }

  /** Takes a file in, to a temporary name. */
  async receive(body: AsyncIterable<Uint8Array> | ReadableStream, contentType: string | null): Promise<ReceivedFile> {
    const temporary = path.join(this.#folder, `.${randomUUID()}`)
    const hash = createHash('sha256')
    let size = 0
    const measure = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk)
        size += chunk.length
        done(null, chunk)
      },
    })
    try {
      await pipeline(Readable.from(body), measure, createWriteStream(temporary, { flags: 'wx', mode: 0o600 }))
      const handle = await open(temporary, 'r')
      await handle.sync().finally(() => handle.close())
    } catch (error) {
      rmSync(temporary, { force: true })
      throw error
    }
    return {
      fields: { size, sha256: hash.digest('hex'), ...(contentType === null ? {} : { contentType }) },
      keepAs: (storageId) => renameSync(temporary, this.#file(storageId)),
    }
  }

  /** The content of a file, read from disk when it is used. */
  async blob(storageId: string, contentType: string | null): Promise<Blob> {
    return await openAsBlob(this.#file(storageId), contentType === null ? {} : { type: contentType })
  }

  remove(storageId: string): void {
    rmSync(this.#file(storageId), { force: true })
  }

  /** Removes what belongs to no document: uploads that were cut off, files whose deletion was. */
  sweep(exists: (storageId: string) => boolean): void {
    for (const name of readdirSync(this.#folder)) {
      if (!exists(name)) rmSync(path.join(this.#folder, name), { force: true })
    }
  }

  /** Where a file can be had. Nobody can guess it from the id. */
  url(storageId: string): string {
    return `${this.#origin()}/api/storage/${storageId}-${this.#sign(`file ${storageId}`)}`
  }

  /** The id in the last part of such a URL, or null when it was not made here. */
  storageIdOf(name: string): string | null {
    const [storageId = '', signature = ''] = name.split('-')
    return this.#matches(`file ${storageId}`, signature) ? storageId : null
  }

  /** Where one file can be sent, within an hour. */
  uploadUrl(): string {
    const expires = Date.now() + UPLOAD_LIFETIME_MS
    return `${this.#origin()}/api/storage/upload?token=${expires}-${this.#sign(`upload ${expires}`)}`
  }

  isUploadToken(token: string): boolean {
    const [expires = '', signature = ''] = token.split('-')
    return this.#matches(`upload ${expires}`, signature) && Number(expires) > Date.now()
  }

  #file(storageId: string): string {
    return path.join(this.#folder, storageId)
  }

  #sign(text: string): string {
    return createHmac('sha256', this.#secret).update(text).digest('hex').slice(0, 32)
  }

  #matches(text: string, signature: string): boolean {
    const expected = Buffer.from(this.#sign(text))
    const given = Buffer.from(signature)
    return given.length === expected.length && timingSafeEqual(given, expected)
  }
}
