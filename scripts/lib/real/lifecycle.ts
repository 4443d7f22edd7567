import { NebulaError } from '@nebula/stack/errors/nebulaError'
import { z } from 'zod'
import type { RealRun } from './realRun.ts'

/** Types a command of the copy, `npm run <command> -- <args>`, as one step, and returns its stdout. */
export type TypeCommand = (
  title: string,
  command: string,
  args: readonly string[],
  deadlineMs: number,
) => Promise<string>

const MINUTE_MS = 60_000
const Status = z.object({ services: z.array(z.object({ id: z.string(), standIn: z.string().optional() })) })

/** From a stack that is to come up from nothing, or is up, to one that is gone: what a person's week does to it. */
export async function lifecycle(run: RealRun, type: TypeCommand, isUp: boolean): Promise<void> {
  const up = (title: string) => type(title, 'up', ['--mode', 'cluster'], 25 * MINUTE_MS)
  const verify = (title: string) => type(title, 'verify', ['--mode', 'cluster'], 5 * MINUTE_MS)
  const down = (title: string) => type(title, 'down', ['--mode', 'cluster'], 5 * MINUTE_MS)
  if (!isUp) await up('up')
  await verify('verify')
  await down('down')
  await up('up again')
  await verify('verify again')
  const status = await type('status', 'status', ['--mode', 'cluster', '--json'], 2 * MINUTE_MS)
  await run.journal.step('what answers', async () => whatAnswers(status, run.rehearsal))
  await type('reset', 'reset', ['--mode', 'cluster', '--yes', '--no-up'], 5 * MINUTE_MS)
  await down('down after reset')
}

/** @throws NebulaError when a stand-in answers, unless it is a rehearsal. */
function whatAnswers(status: string, rehearsal: boolean): string {
  const { services } = Status.parse(JSON.parse(status))
  const standIns = services.filter(({ standIn }) => standIn !== undefined)
  if (standIns.length === 0) return `${services.length} services, no stand-in`
  const names = standIns.map(({ id }) => id).join(', ')
  if (rehearsal) return `stand-ins: ${names}`
  throw new NebulaError(`stand-ins answered in place of ${names}; this run does not count`, {
    code: 'STAND_INS_FOUND',
    hint: 'npm run images -- --check',
  })
}
