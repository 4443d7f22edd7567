import { chmod, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { onTestFinished, vi } from 'vitest'
import { temporaryFolder } from '../temporaryFolder.ts'

export interface FakeProgram {
  /** It says nothing and fails when it is asked in another way. */
  readonly args?: readonly string[]
  /** It does the same when this variable is set. */
  readonly without?: string
  readonly stdout?: string
  readonly stderr?: string
  readonly exitCode?: number
}

/** Makes these the only programs on PATH for one test. They are run by a shell: there are many, and Node.js starts slowly. */
export async function onlyPrograms(programs: Readonly<Record<string, FakeProgram>>): Promise<void> {
  const folder = await temporaryFolder()
  for (const [name, { args, without, stdout = '', stderr = '', exitCode = 0 }] of Object.entries(programs)) {
    const lines = [
      '#!/bin/sh',
      ...(args ? [`[ "$*" = ${quoted(args.join(' '))} ] || exit 64`] : []),
      ...(without ? [`[ -z "\${${without}+set}" ] || exit 64`] : []),
      `printf %s ${quoted(stdout)}`,
      `printf %s ${quoted(stderr)} >&2`,
      `exit ${exitCode}`,
    ]
    await writeFile(path.join(folder, name), `${lines.join('\n')}\n`)
    await chmod(path.join(folder, name), 0o755)
  }
  vi.stubEnv('PATH', folder)
  onTestFinished(() => void vi.unstubAllEnvs())
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
