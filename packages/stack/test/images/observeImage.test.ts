import { expect, test } from 'vitest'
import { observeImage } from '../../src/images/observeImage.ts'
import { fakeTools } from '../cluster/fakeTools.ts'

test('an image that Docker does not have is none, and a Docker that does not answer is an error', async () => {
  fakeTools([{ when: /image inspect/, stderr: 'Error: No such image: a:1\n', exitCode: 1 }])
  expect(await observeImage('a:1', [])).toBeNull()
  fakeTools([{ when: /image inspect/, stderr: 'Cannot connect to the Docker daemon\n', exitCode: 1 }])
  await expect(observeImage('a:1', [])).rejects.toMatchObject({
    code: 'DOCKER_UNREACHABLE',
    message: expect.stringContaining('Cannot connect'),
  })
})
