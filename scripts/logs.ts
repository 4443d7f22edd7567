import { spawn } from 'node:child_process'
import { findTilt } from '@nebula/stack/cluster/tilt'
import { NebulaError } from '@nebula/stack/errors'
import { ExitCode } from '@nebula/stack/exitCodes'
import { command, interruptible, main } from './lib/command.ts'
import { wholeNumber } from './lib/options.ts'
import { openCluster } from './lib/stack.ts'

const program = command('logs', 'What services said: builds, deploys and processes')
  .argument('[services...]', 'which ones; all when none is named')
  .option('-f, --follow', 'go on as they say more')
  .option('--tail <lines>', 'how many lines from the end', wholeNumber, 200)
  .action((services, options) => interruptible((signal) => logs(services, options, signal)))

async function logs(
  services: string[],
  options: ReturnType<typeof program.opts>,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { catalogue, root, tiltPort } = await openCluster()
  const known = catalogue.services.map((service) => service.id)
  const unknown = services.filter((service) => !known.includes(service))
  if (unknown.length > 0) {
    throw new NebulaError(`there is no service ${unknown.map((id) => `"${id}"`).join(', ')}`, {
      code: 'UNKNOWN_SERVICE',
      hint: `one of: ${known.join(', ')}`,
      exitCode: ExitCode.Usage,
    })
  }
  if (!(await findTilt({ root, port: tiltPort }))) {
    throw new NebulaError('Tilt is not running: there are no logs to show', {
      code: 'NOT_RUNNING',
      hint: 'npm run up',
      exitCode: ExitCode.Precondition,
    })
  }
  const argv = [
    'logs',
    '--port',
    String(tiltPort),
    '--tail',
    String(options.tail),
    ...(options.follow ? ['--follow'] : []),
    ...services,
  ]
  const child = spawn('tilt', argv, { stdio: ['ignore', 'inherit', 'inherit'], signal })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  return code === 0 ? ExitCode.Green : ExitCode.Failed
}

await main(program)
