import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { copyCheckout } from '../lib/checkout.ts'
import { type CommandResult, nebula } from '../lib/nebula.ts'

const checkout = copyCheckout()
const root = checkout.root

beforeAll(async () => {
  const installed = await nebula(root, ['images', '--help'])
  expect(installed.exitCode, installed.output).toBe(0)
})
afterAll(() => checkout.remove())

/** One message, one way out, no stack trace, and nothing made. */
function expectRefused(result: CommandResult, exitCode: number): void {
  expect(result.exitCode, result.output).toBe(exitCode)
  expect(result.stderr).toContain('✗')
  expect(result.stderr).toContain('→')
  expect(result.stderr).not.toMatch(/^\s+at /m)
  expect(existsSync(path.join(root, '.nebula/secrets.json'))).toBe(false)
}

test('a mode that there is not', async () => {
  const result = await nebula(root, ['up', '--mode', 'clutser'])
  expectRefused(result, 2)
  expect(result.stderr).toContain('"clutser"')
})

test('an option that there is not', async () => {
  const result = await nebula(root, ['up', '--mod', 'cluster'])
  expect(result.exitCode).toBe(2)
  expect(result.stderr).toContain('--mode')
})

test('tools that are missing, all of them at once', async () => {
  const result = await nebula(root, ['up', '--mode', 'cluster'], { env: { PATH: path.dirname(process.execPath) } })
  expectRefused(result, 3)
  for (const tool of ['k3d', 'ctlptl', 'tilt', 'kubectl']) expect(result.stderr).toContain(`${tool} is not installed`)
})

test('a stack.yaml that is wrong, with file and line', async () => {
  const file = path.join(root, 'infra/stack.yaml')
  const stack = readFileSync(file, 'utf8')
  writeFileSync(file, stack.replace('    kind: server', '    kind: sever'))
  try {
    const result = await nebula(root, ['up', '--mode', 'cluster'])
    expectRefused(result, 3)
    const line = stack.split('\n').findIndex((text) => text.includes('    kind: server')) + 1
    expect(result.stderr).toMatch(new RegExp(`infra/stack\\.yaml:${line}:\\d+`))
    expect(result.stderr).toContain('server')
  } finally {
    writeFileSync(file, stack)
  }
})

test('a Docker that does not answer', async () => {
  const result = await nebula(root, ['up', '--mode', 'cluster'], {
    env: { DOCKER_HOST: 'unix:///nonexistent/docker.sock' },
  })
  expectRefused(result, 3)
  expect(result.stderr).toMatch(/Docker|docker/)
})
