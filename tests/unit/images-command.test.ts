import { loadImageLock } from '@nebula/stack/cluster/imageLock'
import { expect, test } from 'vitest'
import { type ImageReport, imageLines } from '../../scripts/lib/imageReport.ts'
import { repository } from '../lib/checkout.ts'

const DIGEST = `sha256:${'a'.repeat(64)}`
const report: ImageReport = {
  image: 'temporalio/ui:2',
  locked: DIGEST,
  digest: DIGEST,
  from: 'pulled',
  bytes: 1_234_000_000,
  user: 'temporal',
  state: 'locked',
}

test('every image of the stack fits 80 columns, with the longest that there is to say', async () => {
  const images = Object.keys(await loadImageLock(repository))
  const lines = imageLines(
    images.map((image) => ({ ...report, image, state: 'differs', digest: `sha256:${'b'.repeat(64)}` })),
  )
  expect(lines).toHaveLength(2 * images.length)
  // Without colours: no terminal.
  for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80)
  expect(lines.filter((line) => line.endsWith('differs'))).toHaveLength(images.length)
})

test('an image is shown with digest, size and user, and another one with what is here instead', () => {
  expect(imageLines([report])[1]).toBe('    sha256:aaaaaaaaaaaa, 1234 MB, user temporal')
  const other = imageLines([{ ...report, state: 'differs', digest: `sha256:${'b'.repeat(64)}` }])
  expect(other[1]).toBe('    sha256:aaaaaaaaaaaa, 1234 MB, user temporal, here: sha256:bbbbbbbbbbbb')
  const absent: ImageReport = { ...report, locked: null, digest: null, bytes: 0, user: null, state: 'not here' }
  expect(imageLines([absent])[1]).toBe('    no digest')
})
