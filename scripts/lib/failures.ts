import { matchHints } from '@nebula/stack/catalogue/hints'
import type { Catalogue } from '@nebula/stack/catalogue/schema'
import { isGreen, type ServiceStatus } from '@nebula/stack/driver/serviceStatus'
import pc from 'picocolors'
import { fold, titleOf } from './render/words.ts'

/** Says of every service that did not become green why, with its last log lines and what is known to help. */
export async function reportFailures(
  catalogue: Catalogue,
  services: readonly ServiceStatus[],
  logsOf: (id: string) => Promise<readonly string[]>,
): Promise<void> {
  const say = (text: string) => process.stderr.write(`${text}\n`)
  // Only a terminal has a width; a log keeps its lines whole.
  const width = process.stderr.isTTY ? process.stderr.columns : Number.POSITIVE_INFINITY
  for (const status of services.filter((candidate) => !isGreen(candidate) && candidate.state !== 'waiting')) {
    const service = catalogue.services.find((candidate) => candidate.id === status.id)
    const title = titleOf(catalogue, status.id)
    const state = status.state === 'failed' ? 'has failed' : `is ${status.state}`
    const [first, ...more] = fold(`${title} ${state}${status.reason ? `: ${status.reason}` : ''}`, width - 2)
    say(`\n${pc.red('✗')} ${pc.bold(title)}${first?.slice(title.length) ?? ''}`)
    for (const line of more) say(`  ${line}`)
    const lines = await logsOf(status.id)
    for (const line of withoutRepeats(lines).flatMap((line) => fold(line, width - 4))) say(pc.dim(`  │ ${line}`))
    const hints = service ? matchHints(service.hints, lines) : []
    for (const hint of hints) say(`${pc.cyan('→')} ${hint.say} ${pc.bold(hint.fix)}`)
    if (hints.length === 0) say(`${pc.cyan('→')} ${status.hint ?? `npm run logs -- ${status.id}`}`)
  }
  const waiting = services.filter((status) => status.state === 'waiting').map((status) => status.id)
  if (waiting.length > 0) say(`\n${pc.dim(`still waiting: ${waiting.join(', ')}`)}`)
}

/** A probe that fails every second says so every second. */
function withoutRepeats(lines: readonly string[]): readonly string[] {
  const runs: { readonly line: string; times: number }[] = []
  for (const line of lines) {
    const last = runs.at(-1)
    if (last?.line === line) last.times += 1
    else runs.push({ line, times: 1 })
  }
  return runs.map(({ line, times }) => (times > 1 ? `${line} (${times} times)` : line))
}
