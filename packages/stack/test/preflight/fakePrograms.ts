import { chmod, writeFile } from 'node:fs/promises'
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
  for (const [name, { stdout = '', stderr = '', exitCode = 0 }] of Object.entries(programs)) {
    const script = `#!${process.execPath}
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
