import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'vitest'
import { localPortOf } from '../lib/localPort.ts'
import { type CommandOptions, type CommandResult, nebula } from '../lib/nebula.ts'

/** The checkout that the embedded tests work in; globalSetup.ts makes it. */
export const root = process.env.NEBULA_TEST_CHECKOUT ?? ''

interface Row {
  readonly id: string
  readonly state: string
  readonly error?: string
  readonly standIn?: string
  readonly program?: string
}

/** Types a command for embedded mode and returns all it said, whatever its exit code. */
export async function embedded(args: readonly string[], options?: CommandOptions): Promise<CommandResult> {
  return await nebula(root, args, { ...options, env: { NEBULA_MODE: 'embedded', ...options?.env } })
}

/** Types a command that has to succeed, and fails with all of its output when it does not. */
export async function succeed(args: readonly string[], options?: CommandOptions): Promise<CommandResult> {
  const result = await embedded(args, options)
  expect(result.exitCode, `npm run ${args.join(' ')}\n${result.output}`).toBe(0)
  return result
}

/** What `status` says of a service. */
export async function statusOf(id: string): Promise<Row> {
  const { services } = JSON.parse((await embedded(['status', '--json'])).stdout) as { services: readonly Row[] }
  const row = services.find((service) => service.id === id)
  if (!row) throw new TypeError(`status does not list ${id}`)
  return row
}

/** A port of the checkout's stack. */
export function localPort(owner: string, name: string): number {
  return localPortOf(root, owner, name)
}

/** Where the application of the checkout's stack is. */
export function addresses(): { convexUrl: string; temporal: string } {
  return {
    convexUrl: `http://127.0.0.1:${localPort('convex-backend', 'api')}`,
    temporal: `127.0.0.1:${localPort('temporal', 'grpc')}`,
  }
}

interface State {
  readonly supervisor: { readonly pid: number }
  readonly services: readonly { readonly id: string; readonly process?: { readonly pid: number } }[]
}

/** What the supervisor has written down: its own pid and those of the services. */
export function pids(): { supervisor: number; services: Readonly<Record<string, number>> } {
  const state = JSON.parse(readFileSync(path.join(root, '.nebula/embedded/state.json'), 'utf8')) as State
  const services = state.services.flatMap(({ id, process }) => (process ? [[id, process.pid] as const] : []))
  return { supervisor: state.supervisor.pid, services: Object.fromEntries(services) }
}

/** Whether a process is there and not only waits to be collected. */
export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z'
  } catch {
    return false
  }
}
