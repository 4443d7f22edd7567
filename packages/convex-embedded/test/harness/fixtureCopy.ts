import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { FIXTURE } from './fixture.ts'

const NODE_MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url))

/** A copy of the fixture with other files in it, gone when the test is over. @returns its folder */
export async function fixtureCopy(files: Readonly<Record<string, string | null>>): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'nebula-fixture-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await cp(FIXTURE, folder, { recursive: true })
  await symlink(NODE_MODULES, path.join(folder, 'node_modules'))
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, 'convex', name)
    if (content === null) await rm(file)
    else await writeFile(file, content)
  }
  return folder
}
