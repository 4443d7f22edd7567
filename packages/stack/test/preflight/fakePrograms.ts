import { chmod, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { onTestFinished, vi } from 'vitest'
import { temporaryFolder } from '../temporaryFolder.ts'

export interface FakeProgram {
  readonly stdout?: string
  readonly stderr?: string
  readonly exitCode?: number
}

/** Makes these the only programs on PATH for one test. */
export async function onlyPrograms(programs: Readonly<Record<string, FakeProgram>>): Promise<void> {
  const folder = await temporaryFolder()
  const node = await nodeIn(folder)
  for (const [name, { stdout = '', stderr = '', exitCode = 0 }] of Object.entries(programs)) {
    const script = `#!${node}
process.stdout.write(${JSON.stringify(stdout)})
process.stderr.write(${JSON.stringify(stderr)})
process.exitCode = ${exitCode}
`
    await writeFile(path.join(folder, name), script)
    await chmod(path.join(folder, name), 0o755)
  }
  vi.stubEnv('PATH', folder)
  onTestFinished(() => void vi.unstubAllEnvs())
}

/** Node.js by a path for the first line of a script, which must not hold a space; that of the checkout may. */
async function nodeIn(folder: string): Promise<string> {
  const link = path.join(folder, '.node')
  await symlink(process.execPath, link)
  return link
}
