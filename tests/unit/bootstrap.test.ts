import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { expect, test } from 'vitest'
import { BootstrapCheckout } from '../lib/bootstrapCheckout.ts'

const FETCH = 'pnpm install --frozen-lockfile --config.minimumReleaseAge=0'
const INSTALL = `${FETCH} --offline`

test('the first start brings pnpm and the packages, and says so; the second says nothing', async () => {
  using checkout = new BootstrapCheckout()
  const first = await checkout.run(['say', '0', 'two words'])
  expect(first.exitCode, first.output).toBe(0)
  expect(JSON.parse(first.stdout).args).toEqual(['0', 'two words'])
  expect(first.stderr).toMatch(/^Getting pnpm \S+ … [\d.]+ s\nInstalling packages … [\d.]+ s\n$/)
  expect(checkout.pnpmCalls()).toEqual([INSTALL])

  const second = await checkout.run(['say'])
  expect(second.stderr).toBe('')
  expect(checkout.pnpmCalls()).toEqual([])
})

test("the command's exit code is passed on, and the repository's tools come first on PATH", async () => {
  using checkout = new BootstrapCheckout()
  const result = await checkout.run(['say', '5'])
  expect(result.exitCode).toBe(5)
  const [bin, pnpm] = JSON.parse(result.stdout).path
  expect(bin).toBe(path.join(checkout.root, 'node_modules/.bin'))
  expect(pnpm).toContain(path.join(checkout.root, '.nebula/tools/pnpm-'))
})

test.each(['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'packages/one/package.json'])(
  'a change of %s installs again',
  async (file) => {
    using checkout = new BootstrapCheckout()
    await checkout.run(['say'])
    checkout.pnpmCalls()
    checkout.write(file, '{ }')
    await checkout.run(['say'])
    expect(checkout.pnpmCalls()).toEqual([INSTALL])
  },
)

test('what the store lacks is fetched', async () => {
  using checkout = new BootstrapCheckout()
  checkout.write('fail-offline', '')
  const result = await checkout.run(['say'])
  expect(result.exitCode, result.output).toBe(0)
  expect(checkout.pnpmCalls()).toEqual([INSTALL, FETCH])
})

test('packages that somebody installed with pnpm are taken as they are', async () => {
  using checkout = new BootstrapCheckout()
  await checkout.run(['say'])
  checkout.pnpmCalls()
  checkout.write('pnpm-lock.yaml', 'changed')
  checkout.write('node_modules/.modules.yaml', '')
  checkout.write('node_modules/.pnpm/lock.yaml', 'changed')
  checkout.write('node_modules/@biomejs/biome/package.json', '{"version":"1.0.0"}')
  checkout.write(`node_modules/.pnpm/@biomejs+cli-${process.platform}-${process.arch}@1.0.0/x`, '')
  expect((await checkout.run(['say'])).exitCode).toBe(0)
  expect(checkout.pnpmCalls()).toEqual([])
})

test('another version of pnpm is brought also where the packages stay as they are', async () => {
  using checkout = new BootstrapCheckout()
  await checkout.run(['say'])
  checkout.write('node_modules/.modules.yaml', '')
  checkout.write('node_modules/@biomejs/biome/package.json', '{"version":"1.0.0"}')
  checkout.write(`node_modules/.pnpm/@biomejs+cli-${process.platform}-${process.arch}@1.0.0/x`, '')
  checkout.write('node_modules/.pnpm/lock.yaml', checkout.read('pnpm-lock.yaml') ?? '')
  for (const file of ['package.json', 'scripts/bootstrap/pnpm/package-lock.json'])
    checkout.write(file, checkout.read(file)?.replaceAll(/12\.\d+\.\d+/g, '12.99.0') ?? '')
  checkout.pnpmCalls()
  const [, pnpm] = JSON.parse((await checkout.run(['say'])).stdout).path
  expect(pnpm).toContain('pnpm-12.99.0')
  expect(checkout.pnpmCalls()).toEqual([])
})

test('two at once: one installs, the other waits for it', async () => {
  using checkout = new BootstrapCheckout()
  checkout.write('slow-install', '')
  const results = await Promise.all([checkout.run(['say']), checkout.run(['say'])])
  expect(results.map((result) => result.exitCode)).toEqual([0, 0])
  expect(checkout.pnpmCalls()).toEqual([INSTALL])
  expect(results.map((result) => result.stderr).join('')).toContain('waiting')
})

test('the lock of a process that is gone is taken over, also when another has its pid by now', async () => {
  const gone = spawnSync(process.execPath, ['-e', '']).pid
  for (const holder of [{ pid: gone, startTime: '' }, { pid: process.pid, startTime: '1' }, 'half']) {
    using checkout = new BootstrapCheckout()
    checkout.write('.nebula/install.lock', JSON.stringify(holder))
    const result = await checkout.run(['say'])
    expect(result.exitCode, result.output).toBe(0)
    expect(checkout.read('.nebula/install.lock')).toBeUndefined()
  }
})

test('what a killed start left half-made is cleared away', async () => {
  using checkout = new BootstrapCheckout()
  checkout.write('.nebula/tools/making-abc/package.json', '{}')
  await checkout.run(['say'])
  expect(checkout.read('.nebula/tools/making-abc/package.json')).toBeUndefined()
})

test('an install that fails is shown, is a missing precondition, and is tried again', async () => {
  using checkout = new BootstrapCheckout()
  checkout.write('fail-install', 'ERR_PNPM_FETCH no such host')
  const failed = await checkout.run(['say'])
  expect(failed.exitCode).toBe(3)
  expect(failed.stderr).toContain('no such host')
  expect(failed.stderr).toMatch(/→ npm run pnpm -- install --frozen-lockfile\n$/)
  expect(failed.stdout).toBe('')
  checkout.remove('fail-install')
  expect((await checkout.run(['say'])).exitCode).toBe(0)
})

test('a lockfile that does not fit is called that, with the command that mends it', async () => {
  using checkout = new BootstrapCheckout()
  checkout.write('fail-install', 'ERR_PNPM_OUTDATED_LOCKFILE')
  const failed = await checkout.run(['say'])
  expect(failed.stderr).toContain('pnpm-lock.yaml does not fit a package.json')
  expect(failed.stderr).toMatch(/→ npm run pnpm -- install\n$/)
})

test('an npm that cannot reach its registry is shown', async () => {
  using checkout = new BootstrapCheckout()
  checkout.breakNpm('npm error code ENOTFOUND')
  const failed = await checkout.run(['say'])
  expect(failed.exitCode).toBe(3)
  expect(failed.stderr).toContain('ENOTFOUND')
  expect(failed.stderr).toContain('npm could not get pnpm')
})

test.each([
  [
    'a platform without a hash',
    (locked: Locked, name: string) => void delete locked.packages[name],
    'use the devcontainer',
  ],
  [
    'a hash that is empty',
    (locked: Locked, name: string) => Object.assign(at(locked, name), { integrity: '' }),
    'lock that',
  ],
  [
    'another version',
    (locked: Locked, name: string) => Object.assign(at(locked, name), { version: '0.0.1' }),
    'lock that',
  ],
])('of %s nothing is fetched and nothing run, and it is said what to do', async (_what, change, hint) => {
  using checkout = new BootstrapCheckout()
  const file = 'scripts/bootstrap/pnpm/package-lock.json'
  const locked: Locked = JSON.parse(checkout.read(file) ?? '')
  change(locked, `node_modules/@pnpm/exe.${process.platform}-${process.arch}`)
  checkout.write(file, JSON.stringify(locked))
  const failed = await checkout.run(['say'])
  expect(failed.exitCode).toBe(3)
  expect(failed.stderr).toMatch(/✗ no hash is known for @pnpm\/exe\.\S+ [\d.]+, so it is not run\n→ /)
  expect(failed.stderr).toContain(hint)
  expect(checkout.npmCalls()).toEqual([])
  expect(checkout.pnpmCalls()).toEqual([])
})

test('npm is held to the hashes that are locked here', async () => {
  using checkout = new BootstrapCheckout()
  await checkout.run(['say'])
  expect(checkout.npmCalls()[0]).toMatch(/^ci --ignore-scripts /)
})

test('a command that there is not is a usage error, and those that there are are listed', async () => {
  using checkout = new BootstrapCheckout()
  for (const args of [['nonsense'], ['../say'], []]) {
    const result = await checkout.run(args)
    expect(result.exitCode).toBe(2)
    expect(result.stderr).toContain('one of: pnpm, say')
  }
  expect(checkout.pnpmCalls()).toEqual([])
})

test('a signal reaches the command, and its answer to it is passed on', async () => {
  using checkout = new BootstrapCheckout()
  let kill = (_: NodeJS.Signals) => {}
  const result = await checkout.run(['say', 'wait'], {
    onStart: (child) => {
      kill = child.kill
    },
    onOutput: (chunk) => chunk.includes('waiting') && kill('SIGTERM'),
  })
  expect(result.stdout).toContain('terminated')
  expect(result.exitCode).toBe(7)
})

test('Ctrl-C while packages are installed ends with 130 and leaves no lock', async () => {
  using checkout = new BootstrapCheckout()
  checkout.write('slow-install', '')
  let kill = (_: NodeJS.Signals) => {}
  const result = await checkout.run(['say'], {
    onStart: (child) => {
      kill = child.kill
    },
    onOutput: (chunk) => chunk.includes('Installing') && kill('SIGINT'),
  })
  expect(result.exitCode).toBe(130)
  expect(checkout.read('.nebula/install.lock')).toBeUndefined()
  expect(checkout.read('node_modules/.nebula-install')).toBeUndefined()
})

test('Ctrl-C while another one installs ends the waiting', async () => {
  using checkout = new BootstrapCheckout()
  checkout.write('slow-install', '')
  const installs = Promise.withResolvers<void>()
  const first = checkout.run(['say'], { onOutput: (chunk) => chunk.includes('Installing') && installs.resolve() })
  await installs.promise
  let kill = (_: NodeJS.Signals) => {}
  const second = await checkout.run(['say'], {
    onStart: (child) => {
      kill = child.kill
    },
    onOutput: (chunk) => chunk.includes('waiting') && kill('SIGINT'),
  })
  expect(second.exitCode).toBe(130)
  expect((await first).exitCode).toBe(0)
})

test('npm run pnpm runs the pinned pnpm', async () => {
  using checkout = new BootstrapCheckout()
  await checkout.run(['pnpm', 'add', 'x'])
  expect(checkout.pnpmCalls()).toEqual(['pnpm add x'])
})

interface Locked {
  readonly packages: Record<string, { version: string; integrity: string }>
}

function at({ packages }: Locked, name: string) {
  const entry = packages[name]
  if (!entry) throw new Error(`package-lock.json has no ${name}`)
  return entry
}
