import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { nebula, run } from '../lib/nebula.ts'
import { CONTEXT, localPort, pods, root, succeed } from './setup.ts'

/** k3d's helper. */
const TOOLS_NODE = 'k3d-nebula-tools'

beforeAll(async () => void (await succeed(['up', '--mode', 'cluster'])))

test('a killed Tilt is noticed by status and brought back by up; the pods stay', async () => {
  const before = await pods()
  const session = await run(root, ['tilt', 'get', 'sessions', '-o', 'jsonpath={.items[0].status.pid}'])
  process.kill(Number(session.stdout), 'SIGKILL')
  const status = await nebula(root, ['status'])
  expect(status.exitCode).not.toBe(0)
  expect(status.output).toContain('Tilt is not running')
  await succeed(['up', '--mode', 'cluster'])
  expect(await pods()).toEqual(before)
})

test('two ups at once: one works, the other names it', async () => {
  await succeed(['down'])
  const first = nebula(root, ['up', '--mode', 'cluster'])
  const lock = path.join(root, '.nebula/lock')
  await expect
    .poll(
      () => {
        try {
          return readFileSync(lock, 'utf8').length
        } catch {
          return 0
        }
      },
      { timeout: 20_000, interval: 50 },
    )
    .toBeGreaterThan(0)
  const second = await nebula(root, ['up', '--mode', 'cluster'])
  expect(second.exitCode).toBe(3)
  expect(second.stderr).toMatch(/pid \d+/)
  expect((await first).exitCode).toBe(0)
})

test('an interrupted up ends with 130, and the next one goes on', async () => {
  await succeed(['down'])
  let output = ''
  let interrupt: (() => void) | undefined
  const interrupted = await nebula(root, ['up', '--mode', 'cluster'], {
    onStart: (process) => {
      interrupt = () => process.kill('SIGINT')
    },
    onOutput: (chunk) => {
      output += chunk
      // In the middle of k3d's work.
      if (!output.includes(`starting the cluster ${CONTEXT}`)) return
      interrupt?.()
      interrupt = undefined
    },
  })
  expect(interrupted.exitCode, interrupted.output).toBe(130)
  await leaveToolsNode()
  await succeed(['up', '--mode', 'cluster'])
  expect((await run(root, ['docker', 'ps', '--all', '--format', '{{.Names}}'])).stdout).not.toContain(TOOLS_NODE)
})

/** The worst that an interrupted k3d leaves behind: its helper, stopped. */
async function leaveToolsNode(): Promise<void> {
  const labels = ['app=k3d', 'k3d.cluster=nebula', 'k3d.role=noRole'].flatMap((label) => ['--label', label])
  const image = await run(root, ['docker', 'inspect', '--format', '{{.Image}}', 'k3d-nebula-server-0'])
  await run(root, ['docker', 'rm', '--force', '--volumes', TOOLS_NODE])
  const made = await run(root, ['docker', 'create', '--name', TOOLS_NODE, ...labels, image.stdout.trim()])
  expect(made.exitCode, made.stderr).toBe(0)
}

test('a taken port is named with its holder before anything starts', async () => {
  await succeed(['down'])
  const port = localPort('temporal-ui', 'ui')
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  try {
    const up = await nebula(root, ['up', '--mode', 'cluster'])
    expect(up.exitCode).toBe(3)
    expect(up.stderr).toContain(String(port))
    expect(up.stderr).toContain(`pid ${process.pid}`)
    expect((await run(root, ['docker', 'ps', '--format', '{{.Names}}'])).stdout).not.toContain('k3d-nebula')
  } finally {
    server.close()
  }
})

test('a service that cannot start is named with its last log lines, and the rest stays up', async () => {
  const file = path.join(root, 'infra/services/temporal-ui/temporal-ui.k8s.yaml')
  const manifest = readFileSync(file, 'utf8')
  writeFileSync(file, manifest.replace(/temporalio\/ui:[\d.]+/, 'temporalio/ui:0.0.0-does-not-exist'))
  try {
    const up = await nebula(root, ['up', '--mode', 'cluster'])
    expect(up.exitCode, up.output).toBe(5)
    expect(up.stderr).toContain('Temporal UI')
    expect(up.stderr).toMatch(/ErrImagePull|ImagePullBackOff/)
  } finally {
    writeFileSync(file, manifest)
  }
  await succeed(['up', '--mode', 'cluster'])
})

test('logs shows what a service said', async () => {
  const logs = await succeed(['logs', 'nebula-worker', '--tail', '50'])
  expect(logs.stdout).toContain('worker')
  const unknown = await nebula(root, ['logs', 'no-such-service'])
  expect(unknown.exitCode).toBe(2)
  expect(unknown.stderr).toContain('nebula-worker')
})

test('the second Ctrl-C is not needed: down after everything leaves no process behind', async () => {
  await succeed(['down'])
  const left = spawn('pgrep', ['-f', `tilt up --file infra/Tiltfile`], { stdio: ['ignore', 'pipe', 'ignore'] })
  const [code] = await once(left, 'close')
  expect(code).toBe(1)
})
