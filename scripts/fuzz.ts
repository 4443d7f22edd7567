import { randomInt } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { didYouMean } from '@nebula/stack/errors/didYouMean'
import { ExitCode } from '@nebula/stack/errors/exitCodes'
import { NebulaError } from '@nebula/stack/errors/nebulaError'
import { command, interruptible, main } from './lib/command.ts'
import { wholeNumber } from './lib/options.ts'
import { runTier } from './lib/tiers/runTier.ts'

const root = path.resolve(import.meta.dirname, '..')
const FOLDER = 'tests/security'
const SUFFIX = '.test.ts'
const INPUTS = 100_000
const MAX_SEED = 2 ** 31

const program = command('fuzz', 'Hand hostile inputs to whatever listens or reads files, many more than the tests do')
  .argument('[targets...]', `only these; they are the files in ${FOLDER}`)
  .option('--inputs <count>', 'how many each of them gets', wholeNumber, INPUTS)
  .option('--seed <seed>', 'what the inputs are made from; another one each time', wholeNumber)
  .option('--path <path>', 'only the one input that a failure named')
  .action((names, options) => interruptible((signal) => fuzz(names, options, signal)))

async function fuzz(
  names: readonly string[],
  { inputs, seed = randomInt(1, MAX_SEED), path: input = '' }: ReturnType<typeof program.opts>,
  signal: AbortSignal,
): Promise<ExitCode> {
  const files = await readdir(path.join(root, FOLDER))
  const targets = files.filter((file) => file.endsWith(SUFFIX)).map((file) => path.basename(file, SUFFIX))
  const unknown = names.find((name) => !targets.includes(name))
  if (unknown !== undefined) throw unknownTarget(unknown, targets)
  const chosen = names.length > 0 ? names : targets
  process.stdout.write(`${chosen.length} targets, ${input ? 'one input' : `${inputs} inputs each`}, seed ${seed}\n`)
  const env = { NEBULA_FUZZ_INPUTS: String(inputs), NEBULA_FUZZ_SEED: String(seed), NEBULA_FUZZ_PATH: input }
  const args = chosen.map((name) => path.join(FOLDER, name + SUFFIX))
  const { failed } = await runTier('unit', { root, args, signal, env })
  return failed > 0 ? ExitCode.Failed : ExitCode.Green
}

function unknownTarget(name: string, targets: readonly string[]): NebulaError {
  const meant = didYouMean(name, targets)
  return new NebulaError(`there is no target "${name}"`, {
    code: 'UNKNOWN_TARGET',
    hint: meant ? `did you mean ${meant}?` : `one of: ${targets.toSorted().join(', ')}`,
    exitCode: ExitCode.Usage,
  })
}

await main(program)
