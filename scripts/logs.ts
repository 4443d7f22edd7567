import { ExitCode } from '@nebula/stack/errors/exitCodes'
import { NebulaError } from '@nebula/stack/errors/nebulaError'
import { command, interruptible, main } from './lib/command.ts'
import { modeOption, wholeNumber } from './lib/options.ts'
import { openCheckout } from './lib/stack.ts'

const program = command('logs', 'What services said: builds, deploys and processes')
  .argument('[services...]', 'which ones; all when none is named')
  .addOption(modeOption)
  .option('-f, --follow', 'go on as they say more')
  .option('--tail <lines>', 'how many lines from the end', wholeNumber, 200)
  .action((services, options) => interruptible((signal) => logs(services, options, signal)))

async function logs(
  services: string[],
  options: ReturnType<typeof program.opts>,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { driver } = await openCheckout(options.mode)
  const known = driver.catalogue.services.map((service) => service.id)
  const unknown = services.filter((service) => !known.includes(service))
  if (unknown.length > 0) {
    throw new NebulaError(`there is no service ${unknown.map((id) => `"${id}"`).join(', ')}`, {
      code: 'UNKNOWN_SERVICE',
      hint: `one of: ${known.join(', ')}`,
      exitCode: ExitCode.Usage,
    })
  }
  await driver.logs({
    services,
    tail: options.tail,
    follow: options.follow === true,
    signal,
    onLine: (line) => void process.stdout.write(`${line}\n`),
  })
  return ExitCode.Green
}

await main(program)
