import { personUrl } from '@nebula/stack/catalogue/endpoints'
import { clusterStatus } from '@nebula/stack/cluster/status'
import { ExitCode } from '@nebula/stack/exitCodes'
import { loadSecrets } from '@nebula/stack/secrets'
import { isGreen, type ServiceStatus } from '@nebula/stack/serviceStatus'
import pc from 'picocolors'
import { command, interruptible, main } from './lib/command.ts'
import { openCluster } from './lib/stack.ts'
import { statusTable } from './lib/summary.ts'

const program = command('status', 'What every service is doing')
  .option('--json', 'one JSON object on stdout')
  .action((options) => interruptible(() => status(options.json === true)))

async function status(json: boolean): Promise<ExitCode> {
  const context = await openCluster()
  const secrets = await loadSecrets(context.root).catch(() => null)
  const { platform, services } = await clusterStatus(context, secrets)
  const ok = services.every(isGreen)
  if (json) {
    const rows = services.map((service) => ({
      id: service.id,
      state: service.state,
      since: service.since ?? null,
      urls: urlsOf(service.id),
      ...(service.standIn ? { standIn: service.standIn } : {}),
      ...(service.reason && !isGreen(service) ? { error: service.reason } : {}),
    }))
    process.stdout.write(`${JSON.stringify({ ok, mode: 'cluster', services: rows })}\n`)
  } else {
    process.stdout.write(`${pc.bold('cluster mode')}  ${platform}\n\n${statusTable(context, services)}\n`)
    if (!ok) process.stderr.write(`\n${pc.cyan('→')} npm run up\n`)
  }
  return exitCode(services)

  function urlsOf(id: string): readonly string[] {
    const endpoints = context.catalogue.services.find((service) => service.id === id)?.endpoints ?? []
    return endpoints.map(
      (endpoint) => personUrl(endpoint, context.codespace) ?? `${endpoint.scheme}://localhost:${endpoint.localPort}`,
    )
  }
}

function exitCode(services: readonly ServiceStatus[]): ExitCode {
  if (services.every(isGreen)) return ExitCode.Green
  return services.some((service) => service.state === 'failed') ? ExitCode.ServiceFailed : ExitCode.Failed
}

await main(program)
