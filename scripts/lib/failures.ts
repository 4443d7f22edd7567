import type { Catalogue } from '@nebula/stack/catalogue/schema'
import { matchHints } from '@nebula/stack/hints'
import { isGreen, type ServiceStatus } from '@nebula/stack/serviceStatus'
import pc from 'picocolors'

/** Says of every service that did not become green why, with its last log lines and what is known to help. */
export async function reportFailures(
  catalogue: Catalogue,
  services: readonly ServiceStatus[],
  logsOf: (id: string) => Promise<readonly string[]>,
): Promise<void> {
  const say = (text: string) => process.stderr.write(`${text}\n`)
  for (const status of services.filter((candidate) => !isGreen(candidate) && candidate.state !== 'waiting')) {
    const service = catalogue.services.find((candidate) => candidate.id === status.id)
    say(
      `\n${pc.red('✗')} ${pc.bold(service?.title ?? status.id)} is ${status.state}${status.reason ? `: ${status.reason}` : ''}`,
    )
    const lines = await logsOf(status.id)
    for (const line of lines) say(pc.dim(`  │ ${line}`))
    const hints = service ? matchHints(service.hints, lines) : []
    for (const hint of hints) say(`${pc.cyan('→')} ${hint.say} ${pc.bold(hint.fix)}`)
    if (hints.length === 0) say(`${pc.cyan('→')} ${status.hint ?? `npm run logs -- ${status.id}`}`)
  }
  const waiting = services.filter((status) => status.state === 'waiting').map((status) => status.id)
  if (waiting.length > 0) say(`\n${pc.dim(`still waiting: ${waiting.join(', ')}`)}`)
}
