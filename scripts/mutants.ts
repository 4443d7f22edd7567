import { rm } from 'node:fs/promises'
import path from 'node:path'
import { didYouMean } from '@nebula/stack/errors/didYouMean'
import { ExitCode } from '@nebula/stack/errors/exitCodes'
import { NebulaError } from '@nebula/stack/errors/nebulaError'
import pc from 'picocolors'
import { $ } from 'zx'
import { command, interruptible, main } from './lib/command.ts'
import strykerConfig from './lib/mutants/stryker.config.ts'
import { AS_ITSELF, groupEnded } from './lib/programs.ts'
import { formatMs } from './lib/render/words.ts'

const root = path.resolve(import.meta.dirname, '..')
const GRACE_MS = 10_000

/** What is changed, and the tests that have to notice: those of the room itself, so that a run takes minutes. */
interface Room {
  readonly mutate: readonly string[]
  readonly tests: readonly string[]
}

/** A room of packages/stack whose tests are in the folder of the same name. */
function stackRoom(name: string, ...exceptions: readonly string[]): Room {
  return {
    mutate: [`packages/stack/src/${name}/*.ts`, ...exceptions.map((file) => `!packages/stack/src/${name}/${file}`)],
    tests: [`packages/stack/test/${name}/**/*.test.ts`],
  }
}

const ROOMS: Readonly<Record<string, Room>> = {
  errors: stackRoom('errors'),
  restarts: {
    mutate: ['packages/stack/src/embedded/supervisor/restartPolicy.ts'],
    tests: ['packages/stack/test/embedded/supervisor/restartPolicy.test.ts'],
  },
  render: {
    mutate: ['live', 'plain', 'words'].map((name) => `scripts/lib/render/${name}.ts`),
    tests: ['tests/unit/trouble.test.ts', 'tests/unit/render.test.ts', 'tests/unit/live-renderer.test.ts'],
  },
  health: stackRoom('health'),
  catalogue: stackRoom('catalogue', 'schema.ts', 'writeSchema.ts'),
  // Apart: all of it happens as the module is loaded, so that each change costs all tests.
  schema: {
    mutate: ['packages/stack/src/catalogue/schema.ts'],
    tests: ['catalogue', 'explain', 'rules'].map((name) => `packages/stack/test/catalogue/${name}.test.ts`),
  },
  checkout: stackRoom('checkout'),
  preflight: stackRoom('preflight'),
  // The rest of this room starts programs, which its tests wait for.
  system: {
    mutate: ['attempt', 'files', 'managedBlock', 'notWritable', 'text', 'until', 'version'].map(
      (name) => `packages/stack/src/system/${name}.ts`,
    ),
    tests: ['files', 'managedBlock', 'text', 'until', 'version'].map(
      (name) => `packages/stack/test/system/${name}.test.ts`,
    ),
  },
  schedules: {
    mutate: ['packages/convex-embedded/src/schedule/cronTime.ts'],
    tests: ['packages/convex-embedded/test/cronTime.test.ts'],
  },
  validators: {
    mutate: ['packages/convex-embedded/src/engine/validator.ts'],
    tests: ['packages/convex-embedded/test/validator.test.ts'],
  },
}

const program = command(
  'mutants',
  'Change the sources, one operator at a time, and list the changes that no test notices',
)
  .argument('[rooms...]', `only these: ${Object.keys(ROOMS).join(', ')}`)
  .action((names) => interruptible((signal) => mutants(names, signal)))

async function mutants(names: readonly string[], signal: AbortSignal): Promise<ExitCode> {
  // All names first: a typing error must not show in the end.
  const rooms = (names.length > 0 ? names : Object.keys(ROOMS)).map((name) => ({ name, ...roomOf(name) }))
  const results: string[] = []
  let exitCode: ExitCode = ExitCode.Green
  for (const { name, mutate, tests } of rooms) {
    print(`\n${pc.bold(name)}`)
    const start = performance.now()
    const ok = await stryker({ mutate, tests }, signal)
    if (!ok) exitCode = ExitCode.Failed
    results.push(
      `${ok ? pc.green('✓') : pc.red('✗')} ${name.padEnd(12)} ${pc.dim(formatMs(performance.now() - start))}`,
    )
  }
  print(results.join('\n'))
  return exitCode
}

/** Runs Stryker on this terminal, and returns whether enough was noticed: its configuration says how much is. */
async function stryker({ mutate, tests }: Room, signal: AbortSignal): Promise<boolean> {
  signal.throwIfAborted()
  const bin = path.join(root, 'node_modules/@stryker-mutator/core/bin/stryker.js')
  const config = 'scripts/lib/mutants/stryker.config.ts'
  // A group of its own: what Stryker starts goes on for a while without it.
  const running = $({
    ...AS_ITSELF,
    cwd: root,
    detached: true,
    env: { ...process.env, NEBULA_MUTANTS_TESTS: tests.join(',') },
    nothrow: true,
    stdio: ['ignore', 'inherit', 'inherit'],
  })`${process.execPath} ${bin} run ${config} --mutate ${mutate.join(',')}`
  try {
    const { output } = await groupEnded(running, { signal, graceMs: GRACE_MS })
    signal.throwIfAborted()
    return output.exitCode === 0
  } finally {
    // Stryker leaves its copies of the repository when it is ended.
    await rm(path.join(root, strykerConfig.tempDirName), { recursive: true, force: true })
  }
}

/** @throws NebulaError when there is no such room. */
function roomOf(name: string): Room {
  const room = ROOMS[name]
  if (room !== undefined) return room
  const meant = didYouMean(name, Object.keys(ROOMS))
  throw new NebulaError(`there is no room "${name}"`, {
    code: 'UNKNOWN_ROOM',
    hint: meant ? `did you mean ${meant}?` : `one of: ${Object.keys(ROOMS).join(', ')}`,
    exitCode: ExitCode.Usage,
  })
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

await main(program)
