import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { Hang } from './exchange.ts'

/** What a program does with inputs of a stranger's. */
export interface Target<Input> {
  /** Valid ones, with parts that are not. */
  readonly inputs: fc.Arbitrary<Input>
  /** What once broke something. It comes first in every run. */
  readonly corpus: readonly Input[]
  /** Hands over one input. @throws when something that must hold does not. */
  readonly attempt: (input: Input) => Promise<void>
  /** The input for a person; the default is its JSON. */
  readonly show?: (input: Input) => string
  /** After the first inputs, by which a program has warmed up, and at the end: for what may not grow in between. */
  readonly warm?: () => Promise<void>
  readonly end?: () => Promise<void>
}

/** `npm run fuzz` sets them; in the tests of every day the same inputs come each time. */
const Settings = z.object({
  NEBULA_FUZZ_INPUTS: z.coerce.number().int().positive().default(2_000),
  NEBULA_FUZZ_SEED: z.coerce.number().int().default(20_260_101),
  NEBULA_FUZZ_PATH: z.string().default(''),
})

const DAY_MS = 86_400_000
const WARM_UP = 300
/** A hang takes its whole deadline each time that a smaller input of its kind is tried. */
const SHRINK_MS = 30_000
const SHOWN = 4_000
const TRIES = 3

/** A test that hands a target as many inputs as are wanted, and says of one that breaks it how to repeat it. */
export function fuzz<Input>(name: string, target: () => Target<Input>): void {
  const { NEBULA_FUZZ_INPUTS: count, NEBULA_FUZZ_SEED: seed, NEBULA_FUZZ_PATH: path } = Settings.parse(process.env)
  test(`${name} holds for ${path ? 'one input' : `${count} inputs`} of seed ${seed}`, { timeout: DAY_MS }, async () => {
    const { inputs, corpus, attempt, show = JSON.stringify, warm, end } = target()
    let tried = 0
    let failedAt = Number.POSITIVE_INFINITY
    const property = fc.asyncProperty(inputs, async (input) => {
      if (performance.now() - failedAt > SHRINK_MS) return
      tried += 1
      if (tried === WARM_UP) await warm?.()
      try {
        await patiently(() => attempt(input))
      } catch (error) {
        failedAt = Math.min(failedAt, performance.now())
        throw error
      }
    })
    const examples = corpus.map((input): [Input] => [input])
    const numRuns = path ? undefined : count
    const result = await fc.check(property, { seed, path, examples, ...(numRuns ? { numRuns } : {}) })
    if (result.failed) {
      const [input] = result.counterexample ?? []
      const shown = input === undefined ? 'none' : show(input).slice(0, SHOWN)
      const repeat = `npm run fuzz -- ${name} --seed ${seed} --path ${result.counterexamplePath}`
      const error = result.errorInstance
      throw new Error(`${String(error)}\nthe input: ${shown}\nto repeat it: ${repeat}`, { cause: error })
    }
    expect(tried).toBeGreaterThan(0)
    if (tried >= WARM_UP) await end?.()
  })
}

/** Tries again what took too long: on a busy machine it may have waited for its turn, and what hangs hangs each time. */
async function patiently(attempt: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof Hang) || tries >= TRIES) throw error
    }
  }
}
