import { personUrl } from '@nebula/stack/codespaces/browserUrls'
import { isGreen, type ServiceStatus } from '@nebula/stack/driver/serviceStatus'
import { ExitCode } from '@nebula/stack/errors/exitCodes'
import pc from 'picocolors'
import { command, interruptible, main } from './lib/command.ts'
import { jsonOption, modeOption } from './lib/options.ts'
import { openCheckout } from './lib/stack.ts'
import { statusTable, troubleList } from './lib/summary.ts'

const program = command('status', 'What every service is doing, and why one does not start')
  .addOption(modeOption)
  .addOption(jsonOption)
  .action((options) => interruptible(() => status(options.mode, options.json === true)))

async function status(mode: string | undefined, json: boolean): Promise<ExitCode> {
  const { driver } = await openCheckout(mode)
  const { platform, services } = await driver.status()
  const ok = services.every(isGreen)
  if (json) {
    const rows = services.map((service) => ({
      id: service.id,
      state: service.state,
      since: service.since ?? null,
      urls: urlsOf(service.id),
      ...(service.standIn ? { standIn: service.standIn } : {}),
      ...(service.program ? { program: service.program } : {}),
      ...(service.reason && !isGreen(service) ? { error: service.reason } : {}),
      ...(service.hint && !isGreen(service) ? { hint: service.hint } : {}),
    }))
    process.stdout.write(`${JSON.stringify({ ok, mode: driver.mode, services: rows })}\n`)
  } else {
    process.stdout.write(`${pc.bold(`${driver.mode} mode`)}  ${platform}\n\n${statusTable(driver, services)}\n`)
    const troubles = troubleList(driver, services)
    if (troubles !== '') process.stdout.write(`\n${troubles}\n`)
    else if (!ok) process.stderr.write(`\n${pc.cyan('→')} npm run up\n`)
  }
  return exitCode(services)

  function urlsOf(id: string): readonly string[] {
    const endpoints = driver.catalogue.services.find((service) => service.id === id)?.endpoints ?? []
    return endpoints.map(
      (endpoint) => personUrl(endpoint, driver.codespace) ?? `${endpoint.scheme}://localhost:${endpoint.localPort}`,
    )
  }
}

function exitCode(services: readonly ServiceStatus[]): ExitCode {
  if (services.every(isGreen)) return ExitCode.Green
  return services.some((service) => service.state === 'failed') ? ExitCode.ServiceFailed : ExitCode.Failed
}

await main(program)
