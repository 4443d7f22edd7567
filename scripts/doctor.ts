import { checkMachine } from '@nebula/stack/cluster/preflight'
import { ExitCode } from '@nebula/stack/exitCodes'
import type { PreflightResult } from '@nebula/stack/preflight/run'
import pc from 'picocolors'
import { command, interruptible, main } from './lib/command.ts'
import { openCluster } from './lib/stack.ts'

const MARKS = { ok: pc.green('✓'), warn: pc.yellow('!'), fail: pc.red('✗') } as const

const program = command('doctor', 'Check this machine for everything that the stack needs')
  .option('--json', 'one JSON object on stdout')
  .action((options) => interruptible(() => doctor(options.json === true)))

async function doctor(json: boolean): Promise<ExitCode> {
  const context = await openCluster()
  const results = await checkMachine(context)
  const ok = results.every((result) => result.status !== 'fail')
  if (json) process.stdout.write(`${JSON.stringify({ ok, checks: results })}\n`)
  else process.stdout.write(`${results.map(describe).join('\n')}\n\n${summary(results)}\n`)
  return ok ? ExitCode.Green : ExitCode.Precondition
}

function describe({ status, title, message, fix }: PreflightResult): string {
  const line = `${MARKS[status]} ${title.padEnd(14)} ${message}`
  return status === 'ok' || fix === undefined ? line : `${line}\n  ${pc.cyan('→')} ${fix}`
}

function summary(results: readonly PreflightResult[]): string {
  const count = (status: PreflightResult['status']) => results.filter((result) => result.status === status).length
  const warnings = count('warn') === 1 ? '1 warning' : `${count('warn')} warnings`
  return `${count('ok')} passed, ${warnings}, ${count('fail')} failed`
}

await main(program)
