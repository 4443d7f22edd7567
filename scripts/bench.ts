import path from 'node:path'
import { checkHistory, runThrough } from '@nebula/convex/proof'
import { endpointAddress, endpointUrl } from '@nebula/stack/catalogue/endpoints'
import pc from 'picocolors'
import { $ } from 'zx'
import { command, interruptible, main } from './lib/command.ts'
import { jsonOption, wholeNumber } from './lib/options.ts'
import { AS_ITSELF, textOf } from './lib/programs.ts'
import { formatMs } from './lib/render/words.ts'
import { openStack, type Stack } from './lib/stack.ts'

interface Measurement {
  readonly name: string
  /** Median over the rounds. */
  readonly ms: number
  /** How many times as long as the baseline, measured in the same rounds: comparable between machines. */
  readonly ratio: number
}

const BASELINE = 'start of Node.js'
const RUN_DEADLINE_MS = 60_000

const program = command(
  'bench',
  'Measure the running stack: what a person waits for, and as a ratio to a start of Node.js',
)
  .option('--rounds <number>', 'how often each is measured', wholeNumber, 5)
  .addOption(jsonOption)
  .action((options) => interruptible((signal) => bench(options.rounds, options.json === true, signal)))

async function bench(rounds: number, json: boolean, signal: AbortSignal): Promise<undefined> {
  const actions = benchmarks(await openStack(), signal)
  const times = new Map(Object.keys(actions).map((name) => [name, [] as number[]]))
  // Round by round, so that a busy moment of the machine hits all of them alike.
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, action] of Object.entries(actions)) {
      const start = performance.now()
      await action()
      times.get(name)?.push(performance.now() - start)
    }
  }
  const baseline = median(times.get(BASELINE) ?? [])
  const results = [...times].map(
    ([name, all]): Measurement => ({
      name,
      ms: Math.round(median(all)),
      ratio: Number((median(all) / baseline).toFixed(1)),
    }),
  )
  if (json) process.stdout.write(`${JSON.stringify({ rounds, measurements: results })}\n`)
  else for (const result of results) process.stdout.write(`${line(result)}\n`)
}

function benchmarks({ root, catalogue }: Stack, signal: AbortSignal): Readonly<Record<string, () => Promise<unknown>>> {
  const run = {
    convexUrl: endpointUrl(catalogue, 'convex-backend', 'api'),
    temporalAddress: endpointAddress(catalogue, 'temporal', 'grpc'),
    deadlineMs: RUN_DEADLINE_MS,
  }
  const node = async (...args: readonly string[]) =>
    await textOf($({ ...AS_ITSELF, timeout: '2m', signal })`${process.execPath} ${args}`)
  const script = (name: string, ...args: readonly string[]) => node(path.join(root, 'scripts', `${name}.ts`), ...args)
  let runId = ''
  return {
    [BASELINE]: () => node('--eval', '0'),
    '`status`': () => script('status'),
    '`up` on a running stack': () => script('up', '--quiet'),
    'a run, from the click to its end': async () => {
      runId = (await runThrough(run)).final._id
    },
    'its history in Temporal': () => checkHistory(run, runId),
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

function line({ name, ms, ratio }: Measurement): string {
  return `${name.padEnd(34)} ${formatMs(ms).padStart(8)}  ${pc.dim(`${ratio} ×`)}`
}

await main(program)
