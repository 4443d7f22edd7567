import { ExitCode } from '../errors/exitCodes.ts'
import { NebulaError } from '../errors/nebulaError.ts'
import { IMAGE_LOCK_FILE, loadImageLock, recordDigests } from './imageLock.ts'
import { type FailedPull, type PullOptions, type PullResult, pullImages } from './pullImages.ts'

/**
 * Gets images into the local Docker as infra/images.lock.json has them, and records those there that it did not have yet.
 * @throws NebulaError when the lock cannot be used, the system's error when it cannot be written.
 */
export async function bringImages(
  root: string,
  images: readonly string[],
  options: Pick<PullOptions, 'signal' | 'onPull' | 'held'>,
): Promise<PullResult> {
  const result = await pullImages(images, { ...options, lock: await loadImageLock(root) })
  await recordDigests(root, result.recorded)
  return result
}

/**
 * Refuses to go on where something else than the locked image would run: this Docker has another one, or the registry has
 * the locked one no more. One that is merely out of reach is no danger: the node reaches no more than this Docker does.
 * @throws NebulaError with what was expected and found.
 */
export function refuseOthers(failed: readonly FailedPull[]): void {
  const others = failed.filter(({ expected, found, unreachable }) => expected !== null && (found || !unreachable))
  const [first] = others
  if (!first) return
  const lines = others.map(
    ({ image, reason, expected, found }) =>
      `  ${image}\n    expected: ${expected}\n    found:    ${found ?? 'none'}\n    not pulled: ${reason}`,
  )
  throw new NebulaError(`not the images that ${IMAGE_LOCK_FILE} names:\n${lines.join('\n')}`, {
    code: 'IMAGE_NOT_LOCKED',
    hint: `npm run images -- --pull; or, to take what the tag names now: npm run images -- --update ${first.image}`,
    exitCode: ExitCode.Precondition,
  })
}
