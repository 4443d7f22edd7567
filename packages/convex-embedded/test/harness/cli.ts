import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ADMIN_KEY, FIXTURE } from './fixture.ts'
import { exitOf, type Server } from './server.ts'

const CLI = fileURLToPath(new URL('../../node_modules/convex/bin/main.js', import.meta.url))
export const DEPLOY = ['deploy', '--typecheck', 'disable', '--codegen', 'disable']

/** Runs the real CLI against a server, in a folder with functions. */
export async function convex(
  server: Pick<Server, 'url'>,
  args: readonly string[],
  options: { cwd?: string; input?: string; adminKey?: string } = {},
): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: options.cwd ?? FIXTURE,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      CI: '1',
      CONVEX_SELF_HOSTED_URL: server.url,
      CONVEX_SELF_HOSTED_ADMIN_KEY: options.adminKey ?? ADMIN_KEY,
    },
  })
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
  child.stdin.end(options.input ?? '')
  const exitCode = await exitOf(child)
  return { exitCode, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }
}
