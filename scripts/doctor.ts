import type { ModeChoice } from '@nebula/stack/chooseMode'
import { ExitCode } from '@nebula/stack/errors/exitCodes'
import type { PreflightResult } from '@nebula/stack/preflight/run'
import pc from 'picocolors'
import { command, interruptible, main } from './lib/command.ts'
import { jsonOption, modeOption } from './lib/options.ts'
import { openCheckout } from './lib/stack.ts'

const MARKS = { ok: pc.green('✓'), warn: pc.yellow('!'), fail: pc.red('✗') } as const

const program = command('doctor', 'Check this machine for everything that the stack needs')
  .addOption(modeOption)
  .addOption(jsonOption)
  .action((options) => interruptible(() => doctor(options.mode, options.json === true)))

async function doctor(mode: string | undefined, json: boolean): Promise<ExitCode> {
  const { driver, choice } = await openCheckout(mode)
  const results = await driver.checkMachine()
  const ok = results.every((result) => result.status !== 'fail')
  if (json) process.stdout.write(`${JSON.stringify({ ok, mode: choice.mode, checks: results })}\n`)
  else process.stdout.write(`${heading(choice)}\n\n${results.map(describe).join('\n')}\n\n${summary(results)}\n`)
  return ok ? ExitCode.Green : ExitCode.Precondition
}

function heading({ mode, reason }: ModeChoice): string {
  return `${pc.bold(`${mode} mode`)}  ${reason}`
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
