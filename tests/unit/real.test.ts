import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { until } from '@nebula/stack/system/until'
import { expect, onTestFinished, test, vi } from 'vitest'
import { devcontainerPart } from '../../scripts/lib/real/devcontainerPart.ts'
import { Journal } from '../../scripts/lib/real/journal.ts'
import { Redactor } from '../../scripts/lib/real/redactor.ts'
import { openCluster } from '../../scripts/lib/stack.ts'
import { repository } from '../lib/checkout.ts'
import { type Answer, FakeTools } from '../lib/fakeTools.ts'
import { type CommandOptions, run } from '../lib/nebula.ts'

const TOOLS = ['docker', 'k3d', 'ctlptl', 'tilt', 'kubectl', 'npm', 'df', 'free', 'chown', 'devcontainer']
const DEADLINE_MS = 60_000
const NOTHING: readonly string[] = []
/** As `npm run images` lists them. */
const IMAGES = [
  'docker.io/library/registry',
  'docker.io/rancher/k3s',
  'docker.io/rancher/local-path-provisioner',
  'docker.io/rancher/mirrored-coredns-coredns',
  'docker.io/rancher/mirrored-library-busybox',
  'docker.io/rancher/mirrored-pause',
  'ghcr.io/get-convex/convex-backend',
  'ghcr.io/get-convex/convex-dashboard',
  'ghcr.io/k3d-io/k3d-tools',
  'node',
  'postgres',
  'temporalio/admin-tools',
  'temporalio/server',
  'temporalio/ui',
]
const BASE = 'mcr.microsoft.com/devcontainers/typescript-node:4-24-bookworm'
const DIGEST = `sha256:${'ab'.repeat(32)}`
const SECRETS = {
  postgresPassword: 'correct-horse-battery',
  convexInstanceName: 'nebula',
  convexAdminKey: 'nebula|0123456789abcdef',
  serviceKey: JSON.stringify({ kty: 'EC', d: 'the-private-half-of-the-key' }),
}
/** Every form in which one of them could turn up. */
const SECRET_FORMS = [
  SECRETS.postgresPassword,
  Buffer.from(SECRETS.postgresPassword).toString('base64'),
  '0123456789abcdef',
  'the-private-half-of-the-key',
]
const LEAK = SECRET_FORMS.join(' and ')

/** A machine with Docker and every tool, and registries that have every image. */
const MACHINE: readonly Answer[] = [
  { when: /docker version --format/, stdout: '{"Server":{"Version":"29.1.0","ApiVersion":"1.52"}}' },
  {
    when: /docker info --format/,
    stdout: JSON.stringify({
      ServerVersion: '29.1.0',
      Driver: 'overlayfs',
      DriverStatus: [['driver-type', 'io.containerd.snapshotter.v1']],
      OSType: 'linux',
      Architecture: 'aarch64',
    }),
  },
  { when: /docker container inspect nebula-registry/, exitCode: 1 },
  { when: /npm run --silent up /, files: { '.nebula/secrets.json': JSON.stringify(SECRETS) }, stdout: LEAK },
  status({ id: 'postgres' }, { id: 'convex-backend' }),
  { when: /docker image inspect --format/, stdout: 'arm64\n' },
  // Looked at one by one for their shapes, which these have none of.
  { when: /docker image inspect (?!mcr)\S+$/, stderr: 'Error: No such image\n', exitCode: 1 },
  images({}),
]

const CLUSTER_STEPS = [
  'up -- --mode cluster',
  'verify -- --mode cluster',
  'down -- --mode cluster',
  'up -- --mode cluster',
  'verify -- --mode cluster',
  'status -- --mode cluster --json',
  'reset -- --mode cluster --yes --no-up',
  'down -- --mode cluster',
]

/** What Docker says of the images: they are as published, but for what differs in those that are named. */
function images(different: Readonly<Record<string, object>>): Answer {
  const found = IMAGES.map((name) => ({
    RepoDigests: [`${name.replace(/^docker\.io\/(library\/)?/, '')}@${DIGEST}`],
    Size: 123_000_000,
    Os: 'linux',
    Architecture: 'arm64',
    Config: { Labels: null },
    ...different[name],
  }))
  return { when: /docker image inspect docker\.io\S+ /, stdout: JSON.stringify(found) }
}

function digestOf(name: string): object {
  return { RepoDigests: [`${name}@${DIGEST}`] }
}

function status(...services: readonly { id: string; standIn?: string }[]): Answer {
  return { when: /npm run --silent status /, stdout: JSON.stringify({ ok: true, mode: 'cluster', services }) }
}

/** Types `npm run real -- --only cluster` on a machine that answers like this. */
async function real(answers: readonly Answer[], flags: readonly string[] = []) {
  const tools = new FakeTools(TOOLS, [...answers, ...MACHINE])
  return { tools, ...(await realWith(tools, flags)) }
}

async function realWith(tools: FakeTools, flags: readonly string[], options: CommandOptions = {}) {
  const report = path.join(tools.folder, 'report')
  const argv = [process.execPath, 'scripts/real.ts', '--only', 'cluster', '--report', report, ...flags]
  const result = await run(repository, argv, { ...options, env: { PATH: tools.path, NO_COLOR: '1' } })
  return { ...result, report }
}

test('pulls every image, and does to the stack in a copy of the checkout what a week does to it', async () => {
  const { exitCode, output, stdout, tools, report } = await real([])
  expect(exitCode, output).toBe(0)
  const pulled = tools.lines('docker pull --quiet ').map((reference) => reference.replace(/[:@][^/]*$/, ''))
  expect(pulled.toSorted()).toEqual(IMAGES)
  expect(tools.lines('npm run --silent ')).toEqual(CLUSTER_STEPS)
  const [copy] = new Set(tools.calls().flatMap(({ line, cwd }) => (line.startsWith('npm ') ? [cwd] : [])))
  expect(copy).not.toBe(repository)
  expect(existsSync(copy ?? '')).toBe(false)
  expect(tools.lines('docker rm ')).toEqual(['--force --volumes nebula-registry'])
  expect(stdout.trimEnd().split('\n').at(-1)).toBe('✓ The published images work.')
  for (const line of output.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80)
  const summary = readFileSync(path.join(report, 'summary.md'), 'utf8')
  for (const fact of [...pulled, DIGEST, "Docker 29.1.0, containerd's image store, linux/aarch64", '| verify again |'])
    expect(summary).toContain(fact)
})

test.each([
  ['a cluster', { when: /docker ps .*k3d\.cluster/, stdout: 'abc\n' }, 'its data would be lost', 'npm run reset'],
  ['a registry', { when: /docker container inspect/, stdout: '[]' }, 'nebula-registry exists', 'docker rm'],
  ['no Tilt', { when: /^tilt version/, exitCode: 1 }, 'tilt is not installed', 'npm run doctor'],
] as const)('refuses where there is %s, and touches nothing', async (_, answer, reason, fix) => {
  const { exitCode, stderr, tools } = await real([answer])
  expect(exitCode).toBe(3)
  expect(stderr).toContain(reason)
  expect(stderr).toContain(`→ ${fix}`)
  expect(tools.lines('npm ')).toEqual(NOTHING)
  expect(tools.lines('docker pull')).toEqual(NOTHING)
  expect(tools.lines('docker rm')).toEqual(NOTHING)
})

test('an image that cannot be pulled is a failure in the words of the registry', async () => {
  const stderr = 'Error response from daemon: manifest for postgres:16-alpine not found: manifest unknown\n'
  const result = await real([{ when: /docker pull .*postgres/, exitCode: 1, stderr }])
  expect(result.exitCode).toBe(1)
  expect(result.stderr).toContain(`1 of 14 images could not be pulled\n  postgres:16-alpine\n    ${stderr}`)
  expect(result.stderr).toContain('→ docker pull postgres:16-alpine')
  expect(result.tools.lines('npm ')).toEqual(NOTHING)
})

test.each([
  ['has the label of a stand-in', { Config: { Labels: { 'nebula.stand-in': 'x' } } }, 'nebula.stand-in'],
  ['was built on a test machine', { Config: { Labels: { 'lab.stamp': '1' } } }, 'lab.stamp'],
  ['has no digest', { RepoDigests: [] }, 'built locally'],
  ['has only the digest of our registry', digestOf('127.0.0.1:5005/get-convex/convex-backend'), 'built locally'],
  ['has only the digest of another image', digestOf('ghcr.io/get-convex/convex-dashboard'), 'built locally'],
])('refuses an image that %s', async (_, inspected, reason) => {
  const name = 'ghcr.io/get-convex/convex-backend'
  const { exitCode, stderr, tools } = await real([images({ [name]: inspected })])
  expect(exitCode).toBe(3)
  expect(stderr).toMatch(new RegExp(`not the published images:\n {2}${name}:\\w+\n {4}.*${reason}`))
  expect(tools.lines('npm ')).toEqual(NOTHING)
})

test('refuses a stand-in that answers in place of a service, and deletes the stack', async () => {
  const { exitCode, stderr, tools } = await real([status({ id: 'convex-backend', standIn: 'convex-embedded 0.1.0' })])
  expect(exitCode).toBe(1)
  expect(stderr).toContain('stand-ins answered in place of convex-backend')
  expect(tools.lines('npm run --silent ').slice(-2)).toEqual(CLUSTER_STEPS.slice(-2))
})

test('a rehearsal takes stand-ins as they are, and says that it proves nothing', async () => {
  const standIn = images({ postgres: { RepoDigests: [] } })
  const answers = status({ id: 'convex-backend', standIn: 'convex-embedded 0.1.0' })
  const made = { Architecture: 'arm64', Config: { Labels: { 'nebula.stand-in': '1' } } }
  const here: Answer = { when: /docker image inspect (?!mcr)\S+$/, stdout: JSON.stringify([made]) }
  const { exitCode, stdout, tools, report } = await real([here, standIn, answers], ['--allow-stand-ins'])
  expect(exitCode).toBe(0)
  expect(tools.lines('docker pull')).toEqual(NOTHING)
  expect(stdout).toContain('1 of 14 are stand-ins')
  expect(stdout).toContain('stand-ins: convex-backend')
  expect(stdout.trimEnd().split('\n').at(-1)).toBe('! A rehearsal proves nothing about the published images.')
  expect(readFileSync(path.join(report, 'summary.md'), 'utf8')).toContain('A rehearsal')
})

test('a step that fails ends it with the exit code of the step, and with all there is to know but the secrets', async () => {
  const pod = {
    metadata: { name: 'convex-backend-1', namespace: 'nebula' },
    status: {
      phase: 'Running',
      initContainerStatuses: [{ name: 'program', ready: true, restartCount: 0 }],
      containerStatuses: [{ name: 'backend', ready: false, restartCount: 3 }],
    },
  }
  const { exitCode, stderr, stdout, tools, report } = await real([
    { when: /npm run --silent verify/, time: 2, exitCode: 5, stderr: `it broke: ${LEAK}\n` },
    { when: /kubectl .*get pods .*-o json/, stdout: JSON.stringify({ items: [pod] }) },
    { when: /kubectl .*describe pod/, stdout: 'exec ./run_backend.sh: permission denied\n' },
    { when: /kubectl .*--previous/, stdout: `the last words: ${LEAK}\n` },
    { when: /kubectl .*get all,events/, stdout: 'BackOff\n' },
    { when: /docker ps .*Names/, stdout: 'k3d-nebula-server-0\n' },
    {
      when: /docker inspect k3d-nebula-server-0/,
      stdout: '["K3S_TOKEN=abcdefgh", "POSTGRES_PWD=ijklmnop", "PATH=/bin", {"GITHUB_TOKEN": "qrstuvwx"}]\n',
    },
  ])
  expect(exitCode).toBe(5)
  expect(stdout).toContain('✗ cluster      verify again')
  expect(stderr).toContain('verify again ended with exit code 5')
  expect(stderr).toContain(report)
  const text = (file: string) => readFileSync(path.join(report, file), 'utf8')
  expect(text('evidence/kubernetes.txt')).toContain('BackOff')
  expect(text('evidence/pods/convex-backend-1.txt')).toContain('permission denied')
  expect(text('evidence/pods/convex-backend-1.backend.previous.log')).toContain('the last words: [redacted]')
  expect(text('evidence/docker/k3d-nebula-server-0.json')).toBe(
    '["K3S_TOKEN=[redacted]", "POSTGRES_PWD=[redacted]", "PATH=/bin", {"GITHUB_TOKEN": "[redacted]"}]\n',
  )
  const files = globSync('**/*', { cwd: report, withFileTypes: true }).filter((entry) => entry.isFile())
  const names = files.map(({ name }) => name)
  for (const name of ['status.json', 'convex-backend-1.program.log', 'version.txt', 'info.txt', 'containers.txt'])
    expect(names).toContain(name)
  for (const { name, parentPath } of files) {
    const content = readFileSync(path.join(parentPath, name), 'utf8')
    for (const form of SECRET_FORMS) expect(content, name).not.toContain(form)
  }
  for (const form of SECRET_FORMS) expect(stderr + stdout).not.toContain(form)
  // First what there is to know, then the clean-up.
  expect(tools.lines('npm run --silent ').slice(-4)).toEqual([
    'status -- --mode cluster --json',
    'doctor',
    'reset -- --mode cluster --yes --no-up',
    'down -- --mode cluster',
  ])
})

test('Ctrl-C ends what runs, deletes what was made, and exits with 130', async () => {
  const tools = new FakeTools(TOOLS, [{ when: /npm run --silent up/, hangs: true }, ...MACHINE])
  const started = Promise.withResolvers<(signal: NodeJS.Signals) => void>()
  const result = realWith(tools, [], { onStart: ({ kill }) => started.resolve(kill) })
  const kill = await started.promise
  const hangs = async () => tools.lines('npm ').some((line) => line.endsWith(' hangs'))
  expect(await until(hangs, { deadlineMs: DEADLINE_MS })).toBe(true)
  kill('SIGINT')
  const { exitCode, stderr, report } = await result
  expect(exitCode).toBe(130)
  expect(globSync('*-cluster-up.log', { cwd: report })).toHaveLength(1)
  expect(stderr).toContain('interrupted')
  const typed = tools.lines('npm run --silent ')
  expect(typed).toEqual([
    'up -- --mode cluster',
    'up -- --mode cluster hangs',
    'up -- --mode cluster was ended',
    ...CLUSTER_STEPS.slice(-2),
  ])
  const copy = tools.calls().find(({ line }) => line.startsWith('npm '))?.cwd ?? ''
  expect(existsSync(path.dirname(copy))).toBe(false)
})

test('where the clean-up fails, the copy stays, and how to clean up is said', async () => {
  const { exitCode, stderr, tools } = await real([
    { when: /npm run --silent verify/, exitCode: 1 },
    { when: /npm run --silent reset/, exitCode: 1, stderr: 'k3d does not answer' },
  ])
  expect(exitCode).toBe(1)
  const copy = tools.calls().find(({ line }) => line.startsWith('npm '))?.cwd ?? ''
  onTestFinished(async () => void (await run('/', ['rm', '-r', path.dirname(copy)])))
  expect(existsSync(copy)).toBe(true)
  expect(tools.lines('docker rm ')).toEqual(NOTHING)
  expect(stderr).toContain('the clean-up failed: k3d does not answer')
  expect(stderr).toContain(
    `→ cd '${copy}' && npm run reset -- --mode cluster --yes --no-up && npm run down -- --mode cluster`,
  )
})

test('the devcontainer is built as it is, its stack goes through the same, and nothing is left of it', async () => {
  const mounts = [{ Type: 'volume', Name: 'nebula-pnpm-store-1' }, { Type: 'bind' }]
  const { error, tools } = await inDevcontainer([
    { when: /docker ps .*local_folder/, stdout: 'c0ffee\n' },
    { when: /docker inspect c0ffee/, stdout: JSON.stringify([{ Config: { Image: 'vsc-1-uid' }, Mounts: mounts }]) },
  ])
  expect(error).toBeUndefined()
  const typed = tools.lines('devcontainer ').map((line) => line.replace(/--workspace-folder \S+/, 'COPY'))
  expect(typed).toEqual([
    'read-configuration COPY --docker-path true',
    'up COPY',
    ...CLUSTER_STEPS.slice(1).map((command) => `exec COPY npm run --silent ${command}`),
  ])
  expect(tools.lines('docker pull --quiet ')).toEqual([BASE])
  expect(tools.lines('docker exec --user root c0ffee docker pull --quiet ')).toHaveLength(IMAGES.length)
  expect(tools.lines('docker rm ')).toEqual(['--force --volumes c0ffee'])
  expect(tools.lines('docker volume rm ')).toEqual(['--force nebula-pnpm-store-1'])
  expect(tools.lines('docker image rm ')).toEqual(['--force vsc-1-uid vsc-1'])
})

test('where the devcontainer cannot be built, what the CLI said is shown and kept', async () => {
  const { error, report } = await inDevcontainer([
    { when: /devcontainer up/, exitCode: 1, stderr: 'Error: getaddrinfo ENOTFOUND ghcr.io\n' },
  ])
  expect(error).toMatchObject({ message: expect.stringContaining('ENOTFOUND ghcr.io'), exitCode: 1 })
  expect(globSync('*devcontainer-up.log', { cwd: report })).toHaveLength(1)
  expect(existsSync(path.join(report, 'evidence/machine/docker-info.txt'))).toBe(true)
})

/** The second part, with a devcontainer CLI that answers like this. */
async function inDevcontainer(answers: readonly Answer[]) {
  const inspected = [{ RepoDigests: [`${BASE.split(':')[0]}@${DIGEST}`] }]
  const inside = [
    ...MACHINE,
    { when: /read-configuration/, stdout: JSON.stringify({ configuration: { image: BASE } }) },
    { when: /docker image inspect mcr/, stdout: JSON.stringify(inspected) },
  ]
  const tools = new FakeTools(TOOLS, [...answers, ...inside])
  vi.stubEnv('PATH', tools.path)
  const quiet = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, 'write').mockReturnValue(true))
  const report = path.join(tools.folder, 'report')
  const { root, definition } = await openCluster()
  const journal = new Journal(report, new Redactor())
  const signal = new AbortController().signal
  const facts = { engines: [], images: [], differences: [] }
  const whole = { root, definition, journal, rehearsal: false, signal, facts }
  try {
    const error: unknown = await devcontainerPart(whole, ['devcontainer']).catch((reason: unknown) => reason)
    return { error, tools, report }
  } finally {
    for (const spy of quiet) spy.mockRestore()
    vi.unstubAllEnvs()
  }
}
