import type { FoundProgram } from './program.ts'

export async function findConvexBackend(_: {
  choice: 'auto' | 'real' | 'stand-in'
  env: Readonly<Record<string, string | undefined>>
  onStep: (text: string) => void
  signal?: AbortSignal
}): Promise<FoundProgram | undefined> {
  return undefined
}
