import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll } from 'vitest'
import { setEnvironment } from '../../../packages/convex-embedded/test/harness/clients.ts'
import { ADMIN_KEY, INSTANCE_ENVIRONMENT } from '../../../packages/convex-embedded/test/harness/fixture.ts'
import { pushFixture } from '../../../packages/convex-embedded/test/harness/pushFixture.ts'
import { makeSigner } from '../../../packages/convex-embedded/test/harness/signer.ts'
import { standIn } from './programs.ts'
import type { ServerProcess } from './serverProcess.ts'

/** What all fuzzers of the stand-in share: the program on a folder of its own, the fixture's functions, its secrets. */
export function standInTarget() {
  const folder = mkdtempSync(path.join(tmpdir(), 'nebula-fuzz-'))
  // Hooks run in reverse order: after the one that stops the server.
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return {
    program: () => standIn(folder),
    prepare: async ({ ports: [port] }: ServerProcess) => {
      const server = { url: `http://127.0.0.1:${port}` }
      await setEnvironment(server, { FIXTURE_JWKS: (await makeSigner()).jwks })
      await pushFixture(server)
    },
    secrets: [INSTANCE_ENVIRONMENT.INSTANCE_SECRET, ADMIN_KEY],
  }
}
