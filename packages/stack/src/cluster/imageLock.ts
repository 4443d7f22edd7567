import { readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { ExitCode } from '../errors/exitCodes.ts'
import { NebulaError } from '../errors/nebulaError.ts'
import { attempt } from '../system/attempt.ts'
import { parseJson } from '../system/text.ts'

/** Where the digests of the published images are, relative to the repository. */
export const IMAGE_LOCK_FILE = 'infra/images.lock.json'

const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'sha256: and 64 hexadecimal digits')
const Lock = z.strictObject({ images: z.record(z.string(), Digest.nullable()) })

/**
 * What each image has to be, by its reference as the manifests have it: the digest of the index of all platforms, which
 * is what a registry gives for the tag; null until the first pull, which records it.
 */
export type ImageLock = Readonly<Record<string, string | null>>

/** @throws NebulaError when the file is not there, or not as it has to be. */
export async function loadImageLock(root: string): Promise<ImageLock> {
  const text = await attempt(readFile(path.join(root, IMAGE_LOCK_FILE), 'utf8'))
  const parsed = Lock.safeParse(text instanceof Error ? undefined : parseJson(text))
  if (parsed.success) return parsed.data.images
  const what = text instanceof Error ? text.message : z.prettifyError(parsed.error)
  throw new NebulaError(`${IMAGE_LOCK_FILE} cannot be used: ${what}`, {
    code: 'IMAGE_LOCK_INVALID',
    hint: `git diff ${IMAGE_LOCK_FILE}`,
    exitCode: ExitCode.Precondition,
  })
}

/**
 * Writes digests into the lock, in place of what it has for these images.
 * @throws NebulaError when the lock cannot be used, the system's error when it cannot be written.
 */
export async function recordDigests(root: string, digests: ImageLock): Promise<void> {
  if (Object.keys(digests).length === 0) return
  const merged = Object.entries({ ...(await loadImageLock(root)), ...digests })
  const images = Object.fromEntries(merged.sort(([a], [b]) => (a < b ? -1 : 1)))
  const file = path.join(root, IMAGE_LOCK_FILE)
  await writeFile(`${file}.new`, `${JSON.stringify({ images }, null, 2)}\n`)
  await rename(`${file}.new`, file)
}
