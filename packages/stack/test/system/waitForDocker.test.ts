import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { waitForDocker } from '../../src/system/waitForDocker.ts'
import { fakeTools } from '../cluster/fakeTools.ts'
import { temporaryFolder } from '../temporaryFolder.ts'

const VERSION = JSON.stringify({ Server: { Version: '29.0.0', ApiVersion: '1.52', MinAPIVersion: '1.44' } })

test('it goes on as soon as Docker answers', async () => {
  const folder = await temporaryFolder()
  const bin = path.join(folder, 'bin')
  mkdirSync(bin)
  // Answers from its second call on.
  const script = `#!/bin/sh\nif [ -e '${folder}/asked' ]; then echo '${VERSION}'; else : > '${folder}/asked'; exit 1; fi\n`
  writeFileSync(path.join(bin, 'docker'), script, { mode: 0o755 })
  vi.stubEnv('PATH', `${bin}:${process.env.PATH}`)
  onTestFinished(() => void vi.unstubAllEnvs())
  expect(await waitForDocker({ deadlineMs: 30_000 })).toBe('29.0.0')
})

test('one that never answers is an error with what it said', async () => {
  fakeTools([{ when: /^docker version/, stderr: 'Cannot connect to the Docker daemon\n', exitCode: 1 }])
  await expect(waitForDocker({ deadlineMs: 1 })).rejects.toMatchObject({
    code: 'DOCKER_UNREACHABLE',
    exitCode: 3,
    message: expect.stringContaining('Cannot connect'),
  })
})
