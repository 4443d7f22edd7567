import { NebulaError } from '../../errors.ts'
import { execText } from '../../exec.ts'
import { ExitCode } from '../../exitCodes.ts'
import type { FoundProgram } from './program.ts'

export async function findTemporalCli({
  env,
}: {
  env: Readonly<Record<string, string | undefined>>
  onStep: (text: string) => void
  signal?: AbortSignal
}): Promise<FoundProgram> {
  for (const folder of (env.PATH ?? '').split(':')) {
    const file = `${folder}/temporal`
    const said = await execText([file, '--version']).catch(() => null)
    if (said) return { path: file, source: `PATH (${file})`, version: /\d+\.\d+\.\d+/.exec(said)?.[0] ?? '?' }
  }
  throw new NebulaError('no temporal', { code: 'X', exitCode: ExitCode.Precondition })
}
